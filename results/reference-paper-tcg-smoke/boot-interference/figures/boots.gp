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
set xrange [0.4:9.6]
set xtics ('none' 1, 'static' 2, 'ring' 3, 'ring\_boot' 4, 'ring\_irq' 5, 'per\_switch' 6, 'dedicated' 7, 'deadline' 8, 'rq\_scan' 9)
set xtics scale 0
set arrow from graph 0, first 1 to graph 1, first 1 nohead linecolor '#888888'
set yrange [0.6351:5.0033]
limit = 1.1
set arrow from graph 0, first limit to graph 1, first limit nohead linecolor '#444444' dashtype 2 linewidth 1.5
set label sprintf("limit of\nring\\_boot:\n%.2f", limit) at graph 1.01, first limit left offset 0,1 textcolor '#444444'
set arrow from 0.68, 3.25607 to 1.32, 3.25607 nohead front linecolor '#000000' linewidth 2
set arrow from 1.68, 1.01131 to 2.32, 1.01131 nohead front linecolor '#000000' linewidth 2
set arrow from 2.68, 0.97695 to 3.32, 0.97695 nohead front linecolor '#000000' linewidth 2
set arrow from 3.68, 0.88378 to 4.32, 0.88378 nohead front linecolor '#000000' linewidth 2
set arrow from 4.68, 1.06668 to 5.32, 1.06668 nohead front linecolor '#000000' linewidth 2
set arrow from 5.68, 1.03773 to 6.32, 1.03773 nohead front linecolor '#000000' linewidth 2
set arrow from 6.68, 1.25867 to 7.32, 1.25867 nohead front linecolor '#000000' linewidth 2
set arrow from 7.68, 0.97958 to 8.32, 0.97958 nohead front linecolor '#000000' linewidth 2
set arrow from 8.68, 1.00165 to 9.32, 1.00165 nohead front linecolor '#000000' linewidth 2
plot 'boots.dat' index 0 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#d55e00', \
	'boots.dat' index 1 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#56b4e9', \
	'boots.dat' index 2 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#e69f00', \
	'boots.dat' index 3 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#0072b2', \
	'boots.dat' index 4 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#009e73', \
	'boots.dat' index 5 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#cc79a7', \
	'boots.dat' index 6 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#000000', \
	'boots.dat' index 7 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#999999', \
	'boots.dat' index 8 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#8c6d1f'
