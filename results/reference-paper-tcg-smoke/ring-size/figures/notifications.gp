# Notifications a period against the number of processes in a ring, a curve a policy
# Run by hand from this folder: gnuplot notifications.gp
# As SVG: gnuplot -e 'svg=1' notifications.gp
if (exists('svg')) {
	set terminal svg size 900,520 font 'DejaVu Sans,14' background '#ffffff'
	set output 'notifications.svg'
} else {
	set terminal pngcairo size 900,520 font 'DejaVu Sans,12' background '#ffffff'
	set output 'notifications.png'
}
set encoding utf8
set border linecolor '#444444'
set grid linecolor '#dddddd' linetype 1
set tics nomirror
set title 'Notifications a period, against the processes in a ring'
set xlabel 'processes in the ring'
set ylabel 'notifications a period'
set xrange [0:*]
set yrange [0:*]
set key left top samplen 2.5
plot 'notifications.dat' index 0 using 1:2 with linespoints linewidth 2.5 pointtype 7 linecolor '#e69f00' title 'ring', \
	'notifications.dat' index 1 using 1:2 with linespoints linewidth 2.5 pointtype 7 linecolor '#cc79a7' title 'per\_switch'
