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
set yrange [9.143e-05:1]
set key outside right top vertical spacing 1.2 samplen 2.5
deadline = 20.000000
set xrange [5.8013:100.5508]
set xtics (0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
set arrow from deadline, graph 0 to deadline, graph 1 nohead linecolor '#000000' dashtype 2 linewidth 1.5
set label 'deadline' at deadline, graph 1.03 center textcolor '#000000'
plot 'ccdf.dat' index 0 using 1:2 with steps linewidth 2.5 linecolor '#d55e00' title 'none, boot', \
	'' index 1 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#d55e00' title 'none, solo', \
	'ccdf.dat' index 2 using 1:2 with steps linewidth 2.5 linecolor '#56b4e9' title 'static, boot', \
	'' index 3 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#56b4e9' title 'static, solo', \
	'ccdf.dat' index 4 using 1:2 with steps linewidth 2.5 linecolor '#e69f00' title 'ring, boot', \
	'' index 5 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#e69f00' title 'ring, solo', \
	'ccdf.dat' index 6 using 1:2 with steps linewidth 2.5 linecolor '#0072b2' title 'ring\_boot, boot', \
	'' index 7 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#0072b2' title 'ring\_boot, solo', \
	'ccdf.dat' index 8 using 1:2 with steps linewidth 2.5 linecolor '#009e73' title 'ring\_irq, boot', \
	'' index 9 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#009e73' title 'ring\_irq, solo', \
	'ccdf.dat' index 10 using 1:2 with steps linewidth 2.5 linecolor '#cc79a7' title 'per\_switch, boot', \
	'' index 11 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#cc79a7' title 'per\_switch, solo', \
	'ccdf.dat' index 12 using 1:2 with steps linewidth 2.5 linecolor '#000000' title 'dedicated, boot', \
	'' index 13 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#000000' title 'dedicated, solo', \
	'ccdf.dat' index 14 using 1:2 with steps linewidth 2.5 linecolor '#999999' title 'deadline, boot', \
	'' index 15 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#999999' title 'deadline, solo', \
	'ccdf.dat' index 16 using 1:2 with steps linewidth 2.5 linecolor '#8c6d1f' title 'rq\_scan, boot', \
	'' index 17 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#8c6d1f' title 'rq\_scan, solo'
