# What one notification costs the daemon against the number of VMs.
# Run by hand from the measurement's folder: gnuplot cost-vms.gp
# As SVG: gnuplot -e 'svg=1' cost-vms.gp
if (exists('svg')) {
	set terminal svg size 1000,560 font 'DejaVu Sans,14' background '#ffffff'
	set output 'cost-vms.svg'
} else {
	set terminal pngcairo size 1000,560 font 'DejaVu Sans,12' background '#ffffff'
	set output 'cost-vms.png'
}
set encoding utf8
set border linecolor '#444444'
set grid linecolor '#dddddd' linetype 1
set tics nomirror
set title 'The daemon''s CPU time for one notification, policy ring: median, least, most'
set xlabel 'VMs'
set ylabel 'µs'
set logscale x 2
set xtics (1, 2, 4, 8, 16, 32, 64, 128, 256)
stats 'scale.dat' index 0 every ::1 using 1 name 'vms' nooutput
set xrange [0.9:vms_max * 1.15]
set yrange [0:*]
set key top right
plot 'scale.dat' index 0 using 1:2:3:4 with yerrorlines linewidth 2.5 pointtype 7 \
		linecolor '#0072b2' title columnheader(1), \
	'scale.dat' index 1 using 1:2:3:4 with yerrorlines linewidth 2.5 pointtype 5 \
		linecolor '#e69f00' title columnheader(1)
