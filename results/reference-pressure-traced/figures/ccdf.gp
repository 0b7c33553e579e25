# Share of periods whose response takes longer than a time, one curve a policy
# Run by hand from this folder: gnuplot ccdf.gp
# As SVG: gnuplot -e 'svg=1' ccdf.gp
if (exists('svg')) {
	set terminal svg size 1100,620 font 'DejaVu Sans,14' background '#ffffff'
	set output 'ccdf.svg'
} else {
	set terminal pngcairo size 1100,620 font 'DejaVu Sans,12' background '#ffffff'
	set output 'ccdf.png'
}
set encoding utf8
set border linecolor '#444444'
set grid linecolor '#dddddd' linetype 1
set tics nomirror
set title 'Response time of the control ring: how often is it exceeded?' offset 0,0.8
set tmargin 4.5
set xlabel 'response time (ms)'
set ylabel 'share of periods that take longer'
set logscale xy
set format y '10^{%L}'
set yrange [4.784e-05:1]
set key outside right top vertical spacing 1.2 samplen 2.5
deadline = 20.000000
set xrange [3.3340:33.6992]
set xtics (0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
set arrow from deadline, graph 0 to deadline, graph 1 nohead linecolor '#000000' dashtype 2 linewidth 1.5
set label 'deadline' at deadline, graph 1.03 center textcolor '#000000'
plot 'ccdf.dat' index 0 using 1:2 with steps linewidth 2.5 linecolor '#0072b2' title 'ring\_boot, boot', \
	'' index 1 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#0072b2' title 'ring\_boot, solo'
