# Response time of the control ring along time, one panel a policy
# Run by hand from this folder: gnuplot response-time.gp
# As SVG: gnuplot -e 'svg=1' response-time.gp
if (exists('svg')) {
	set terminal svg size 1300,1000 font 'DejaVu Sans,14' background '#ffffff'
	set output 'response-time.svg'
} else {
	set terminal pngcairo size 1300,1000 font 'DejaVu Sans,12' background '#ffffff'
	set output 'response-time.png'
}
set encoding utf8
set border linecolor '#444444'
set grid linecolor '#dddddd' linetype 1
set tics nomirror
set multiplot layout 1,1 title 'Response time of the control ring along time (the boot of median interference of each policy)' margins 0.06,0.965,0.070,0.880 spacing 0,0.0250
set xrange [0:43.389]
set yrange [0:22.880]
set ylabel 'response (ms)'
set format x ''
set key at screen 0.965,0.945 right horizontal samplen 1.5 maxrows 1
set grid ytics
unset object
unset label
unset arrow
set object 1 rectangle from 7.002, graph 0 to 43.389, graph 1 behind fillcolor '#e4e4e4' fillstyle solid noborder
set label 1 'neighbour boots' at 25.195, graph 1 center offset 0,0.7 textcolor '#555555'
set label 2 'ring\_boot, boot 3' at graph 1.019, graph 0.5 center rotate by -90 font ',14' textcolor '#0072b2'
set arrow 1 from graph 0, first 20.000 to graph 1, first 20.000 nohead linecolor '#000000' dashtype 2 front
set xlabel 'time since the start of solo (s)'
set format x '%g'
plot 'response-time.dat' index 0 using 1:3 with points pointtype 7 pointsize 0.3 linecolor '#0072b2' title 'one period', \
	'' index 2 using 1:3 with points pointtype 6 pointsize 1.1 linecolor '#666666' title 'stained', \
	'' index 1 using 1:3 with points pointtype 2 pointsize 0.8 linecolor '#000000' title 'missed', \
	'' index 3 using 1:3 with points pointtype 11 pointsize 1 linecolor '#000000' title 'no end', \
	NaN with lines linecolor '#000000' dashtype 2 title 'deadline'
unset key
unset multiplot
