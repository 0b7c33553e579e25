# Share of external interrupts whose handler takes longer to run, one curve a policy
# Run by hand from this folder: gnuplot interrupt.gp
# As SVG: gnuplot -e 'svg=1' interrupt.gp
if (exists('svg')) {
	set terminal svg size 1100,560 font 'DejaVu Sans,14' background '#ffffff'
	set output 'interrupt.svg'
} else {
	set terminal pngcairo size 1100,560 font 'DejaVu Sans,12' background '#ffffff'
	set output 'interrupt.png'
}
set encoding utf8
set border linecolor '#444444'
set grid linecolor '#dddddd' linetype 1
set tics nomirror
set title 'From an external interrupt to its handler: how often is it exceeded?'
set xlabel 'time from the interrupt to its handler in the guest (ms)'
set ylabel 'share of interrupts that take longer'
set logscale xy
set format y '10^{%L}'
set yrange [2.325e-04:1]
set xrange [0.0936:35.0645]
set xtics (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
set key outside right top vertical spacing 1.2 samplen 2.5
plot 'interrupt.dat' index 0 using 1:2 with steps linewidth 2.5 linecolor '#d55e00' title 'none, shared', \
	'' index 1 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#d55e00' title 'none, solo', \
	'interrupt.dat' index 2 using 1:2 with steps linewidth 2.5 linecolor '#e69f00' title 'ring, shared', \
	'' index 3 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#e69f00' title 'ring, solo', \
	'interrupt.dat' index 4 using 1:2 with steps linewidth 2.5 linecolor '#009e73' title 'ring\_irq, shared', \
	'' index 5 using 1:2 with steps linewidth 1.5 dashtype 2 linecolor '#009e73' title 'ring\_irq, solo'
