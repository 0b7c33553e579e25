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
set title 'Interference of each boot of the neighbour'
set ylabel 'response p99, boot ÷ solo'
set logscale y 2
set format y '%g'
unset grid
set grid ytics
set rmargin 12
set ytics (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 200, 500, 1000)
unset key
set xrange [0.4:4.6]
set xtics ('none' 1, 'static' 2, 'ring' 3, 'ring\_boot' 4)
set xtics scale 0
set arrow from graph 0, first 1 to graph 1, first 1 nohead linecolor '#888888'
set yrange [0.6717:5.2648]
limit = 1.1
set arrow from graph 0, first limit to graph 1, first limit nohead linecolor '#444444' dashtype 2 linewidth 1.5
set label sprintf("limit of\nring\\_boot:\n%.2f", limit) at graph 1.01, first limit left offset 0,1 textcolor '#444444'
set arrow from 0.68, 3.75023 to 1.32, 3.75023 nohead front linecolor '#000000' linewidth 2
set arrow from 1.68, 0.96604 to 2.32, 0.96604 nohead front linecolor '#000000' linewidth 2
set arrow from 2.68, 1.09841 to 3.32, 1.09841 nohead front linecolor '#000000' linewidth 2
set arrow from 3.68, 0.96944 to 4.32, 0.96944 nohead front linecolor '#000000' linewidth 2
plot 'boots.dat' index 0 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#d55e00', \
	'boots.dat' index 1 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#56b4e9', \
	'boots.dat' index 2 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#e69f00', \
	'boots.dat' index 3 using 1:2 with points pointtype 7 pointsize 1.5 linecolor '#0072b2'
