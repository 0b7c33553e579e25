# What one notification costs the daemon against the number of VMs, and what
# the daemon takes of its core with rings and with run queues that it reads.
# Run by hand from the measurement's folder: gnuplot cost-vms.gp
# As SVG: gnuplot -e 'svg=1' cost-vms.gp
if (exists('svg')) {
	set terminal svg size 1200,560 font 'DejaVu Sans,14' background '#ffffff'
	set output 'cost-vms.svg'
} else {
	set terminal pngcairo size 1200,560 font 'DejaVu Sans,12' background '#ffffff'
	set output 'cost-vms.png'
}
set encoding utf8
set border linecolor '#444444'
set grid linecolor '#dddddd' linetype 1
set tics nomirror
stats 'scale.dat' index 0 every ::1 using 1 name 'vms' nooutput
set xlabel 'VMs'
set logscale x 2
set xtics (1, 2, 4, 8, 16, 32, 64, 128, 256)
set xrange [0.9:vms_max * 1.15]
set multiplot layout 1, 2 title 'What the daemon costs against the number of VMs (median, least and most over blocks)'

set title 'policy ring: CPU time for one notification'
set ylabel 'µs'
set yrange [0:*]
set key top right
plot 'scale.dat' index 0 using 1:2:3:4 with yerrorlines linewidth 2.5 pointtype 7 \
		linecolor '#0072b2' title columnheader(1) noenhanced, \
	'scale.dat' index 1 using 1:2:3:4 with yerrorlines linewidth 2.5 pointtype 5 \
		linecolor '#e69f00' title columnheader(1) noenhanced

set title 'the whole daemon, each VM with 50 periods a second'
set ylabel 'CPU time, ms a second'
set logscale y
set yrange [*:*]
set key bottom right
plot 'scale.dat' index 2 using 1:5:6:7 with yerrorlines linewidth 2.5 pointtype 9 \
		linecolor '#d55e00' title columnheader(1) noenhanced, \
	'scale.dat' index 3 using 1:5:6:7 with yerrorlines linewidth 2.5 pointtype 8 dashtype 2 \
		linecolor '#d55e00' title columnheader(1) noenhanced, \
	'scale.dat' index 0 using 1:5:6:7 with yerrorlines linewidth 2.5 pointtype 7 \
		linecolor '#0072b2' title 'ring, 2 notifications a period'
unset multiplot
