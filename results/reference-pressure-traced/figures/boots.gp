# Interference of each boot, one column a policy
# Run by hand from this folder: gnuplot boots.gp
# As SVG: gnuplot -e 'svg=1' boots.gp
if (exists('svg')) {
	set terminal svg size 1000,560 font 'DejaVu Sans,14' background '#ffffff'
	set output 'boots.svg'
} else {
	set terminal pngcairo size 1000,560 font 'DejaVu Sans,12' background '#ffffff'
	set output 'boots.png'
}
set encoding utf8
set border linecolor '#444444'
set grid linecolor '#dddddd' linetype 1
set tics nomirror
set ylabel 'response p99, boot ÷ solo'
set title 'Interference of each boot of the neighbour'
set logscale y 2
set format y '%g'
unset grid
set grid ytics
set rmargin 12
set ytics (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 200, 500, 1000)
unset key
set xrange [0.4:1.6]
set xtics ('ring\_boot' 1)
set xtics scale 0
set arrow from graph 0, first 1 to graph 1, first 1 nohead linecolor '#888888'
set yrange [0.5092:2.5000]
set arrow from 0.68, 0.97899 to 1.32, 0.97899 nohead front linecolor '#000000' linewidth 2
plot 'boots.dat' index 0 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#0072b2'
