# Share of periods in which a resource of a lower ring blocks the higher ring longer than a time, with a lock and with ring changes
# Run by hand from this folder: gnuplot blocking.gp
# As SVG: gnuplot -e 'svg=1' blocking.gp
if (exists('svg')) {
	set terminal svg size 1000,560 font 'DejaVu Sans,14' background '#ffffff'
	set output 'blocking.svg'
} else {
	set terminal pngcairo size 1000,560 font 'DejaVu Sans,12' background '#ffffff'
	set output 'blocking.png'
}
set encoding utf8
set border linecolor '#444444'
set grid linecolor '#dddddd' linetype 1
set tics nomirror
set title 'Blocking of the higher ring: with a lock, and with ring changes'
set xlabel 'blocking (ms): response time without the ring’s own work'
set ylabel 'share of periods blocked as long or longer'
set logscale y
set format y '10^{%L}'
set xrange [0:*]
set key outside right top vertical spacing 1.2 samplen 2.5
plot 'blocking.dat' index 0 using 1:2 with steps linewidth 2.5 linecolor '#d55e00' title 'lock', \
	'blocking.dat' index 1 using 1:2 with steps linewidth 2.5 linecolor '#0072b2' title 'ring change'
