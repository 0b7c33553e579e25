# Response time of the control ring along time, one panel a policy
# Run by hand from this folder: gnuplot response-time.gp
# As SVG: gnuplot -e 'svg=1' response-time.gp
if (exists('svg')) {
	set terminal svg size 1300,1720 font 'DejaVu Sans,14' background '#ffffff'
	set output 'response-time.svg'
} else {
	set terminal pngcairo size 1300,1720 font 'DejaVu Sans,12' background '#ffffff'
	set output 'response-time.png'
}
set encoding utf8
set border linecolor '#444444'
set grid linecolor '#dddddd' linetype 1
set tics nomirror
set multiplot layout 9,1 title 'Response time of the control ring along time (the boot of median interference of each policy)' margins 0.06,0.965,0.041,0.930 spacing 0,0.0145
set xrange [0:39.537]
set yrange [0:52.000]
set ylabel 'response (ms)'
set format x ''
set key at screen 0.965,0.968 right horizontal samplen 1.5 maxrows 1
set grid ytics
unset object
unset label
unset arrow
set object 1 rectangle from 7.004, graph 0 to 29.777, graph 1 behind fillcolor '#e4e4e4' fillstyle solid noborder
set label 1 'neighbour boots' at 18.390, graph 1 center offset 0,0.7 textcolor '#555555'
set label 2 'none, boot 4' at graph 1.019, graph 0.5 center rotate by -90 font ',14' textcolor '#d55e00'
set arrow 1 from graph 0, first 20.000 to graph 1, first 20.000 nohead linecolor '#000000' dashtype 2 front
plot 'response-time.dat' index 0 using 1:3 with points pointtype 7 pointsize 0.3 linecolor '#d55e00' title 'one period', \
	'' index 2 using 1:3 with points pointtype 6 pointsize 1.1 linecolor '#666666' title 'stained', \
	'' index 1 using 1:3 with points pointtype 2 pointsize 0.8 linecolor '#000000' title 'missed', \
	'' index 3 using 1:3 with points pointtype 11 pointsize 1 linecolor '#000000' title 'no end', \
	NaN with lines linecolor '#000000' dashtype 2 title 'deadline'
unset key
unset object
unset label
unset arrow
set object 1 rectangle from 7.004, graph 0 to 29.051, graph 1 behind fillcolor '#e4e4e4' fillstyle solid noborder
set label 2 'static, boot 4' at graph 1.019, graph 0.5 center rotate by -90 font ',14' textcolor '#56b4e9'
set arrow 1 from graph 0, first 20.000 to graph 1, first 20.000 nohead linecolor '#000000' dashtype 2 front
plot 'response-time.dat' index 4 using 1:3 with points pointtype 7 pointsize 0.3 linecolor '#56b4e9' title 'one period', \
	'' index 6 using 1:3 with points pointtype 6 pointsize 1.1 linecolor '#666666' title 'stained', \
	'' index 5 using 1:3 with points pointtype 2 pointsize 0.8 linecolor '#000000' title 'missed', \
	'' index 7 using 1:3 with points pointtype 11 pointsize 1 linecolor '#000000' title 'no end', \
	NaN with lines linecolor '#000000' dashtype 2 title 'deadline'
unset key
unset object
unset label
unset arrow
set object 1 rectangle from 7.002, graph 0 to 26.950, graph 1 behind fillcolor '#e4e4e4' fillstyle solid noborder
set label 2 'ring, boot 2' at graph 1.019, graph 0.5 center rotate by -90 font ',14' textcolor '#e69f00'
set arrow 1 from graph 0, first 20.000 to graph 1, first 20.000 nohead linecolor '#000000' dashtype 2 front
plot 'response-time.dat' index 8 using 1:3 with points pointtype 7 pointsize 0.3 linecolor '#e69f00' title 'one period', \
	'' index 10 using 1:3 with points pointtype 6 pointsize 1.1 linecolor '#666666' title 'stained', \
	'' index 9 using 1:3 with points pointtype 2 pointsize 0.8 linecolor '#000000' title 'missed', \
	'' index 11 using 1:3 with points pointtype 11 pointsize 1 linecolor '#000000' title 'no end', \
	NaN with lines linecolor '#000000' dashtype 2 title 'deadline'
unset key
unset object
unset label
unset arrow
set object 1 rectangle from 7.004, graph 0 to 30.008, graph 1 behind fillcolor '#e4e4e4' fillstyle solid noborder
set label 2 'ring\_boot, boot 5' at graph 1.019, graph 0.5 center rotate by -90 font ',14' textcolor '#0072b2'
set arrow 1 from graph 0, first 20.000 to graph 1, first 20.000 nohead linecolor '#000000' dashtype 2 front
plot 'response-time.dat' index 12 using 1:3 with points pointtype 7 pointsize 0.3 linecolor '#0072b2' title 'one period', \
	'' index 14 using 1:3 with points pointtype 6 pointsize 1.1 linecolor '#666666' title 'stained', \
	'' index 13 using 1:3 with points pointtype 2 pointsize 0.8 linecolor '#000000' title 'missed', \
	'' index 15 using 1:3 with points pointtype 11 pointsize 1 linecolor '#000000' title 'no end', \
	NaN with lines linecolor '#000000' dashtype 2 title 'deadline'
unset key
unset object
unset label
unset arrow
set object 1 rectangle from 7.008, graph 0 to 30.874, graph 1 behind fillcolor '#e4e4e4' fillstyle solid noborder
set label 2 'ring\_irq, boot 6' at graph 1.019, graph 0.5 center rotate by -90 font ',14' textcolor '#009e73'
set arrow 1 from graph 0, first 20.000 to graph 1, first 20.000 nohead linecolor '#000000' dashtype 2 front
plot 'response-time.dat' index 16 using 1:3 with points pointtype 7 pointsize 0.3 linecolor '#009e73' title 'one period', \
	'' index 18 using 1:3 with points pointtype 6 pointsize 1.1 linecolor '#666666' title 'stained', \
	'' index 17 using 1:3 with points pointtype 2 pointsize 0.8 linecolor '#000000' title 'missed', \
	'' index 19 using 1:3 with points pointtype 11 pointsize 1 linecolor '#000000' title 'no end', \
	NaN with lines linecolor '#000000' dashtype 2 title 'deadline'
unset key
unset object
unset label
unset arrow
set object 1 rectangle from 7.004, graph 0 to 28.767, graph 1 behind fillcolor '#e4e4e4' fillstyle solid noborder
set label 2 'per\_switch, boot 5' at graph 1.019, graph 0.5 center rotate by -90 font ',14' textcolor '#cc79a7'
set arrow 1 from graph 0, first 20.000 to graph 1, first 20.000 nohead linecolor '#000000' dashtype 2 front
plot 'response-time.dat' index 20 using 1:3 with points pointtype 7 pointsize 0.3 linecolor '#cc79a7' title 'one period', \
	'' index 22 using 1:3 with points pointtype 6 pointsize 1.1 linecolor '#666666' title 'stained', \
	'' index 21 using 1:3 with points pointtype 2 pointsize 0.8 linecolor '#000000' title 'missed', \
	'' index 23 using 1:3 with points pointtype 11 pointsize 1 linecolor '#000000' title 'no end', \
	NaN with lines linecolor '#000000' dashtype 2 title 'deadline'
unset key
unset object
unset label
unset arrow
set object 1 rectangle from 7.004, graph 0 to 18.227, graph 1 behind fillcolor '#e4e4e4' fillstyle solid noborder
set label 2 'dedicated, boot 5' at graph 1.019, graph 0.5 center rotate by -90 font ',14' textcolor '#000000'
set arrow 1 from graph 0, first 20.000 to graph 1, first 20.000 nohead linecolor '#000000' dashtype 2 front
plot 'response-time.dat' index 24 using 1:3 with points pointtype 7 pointsize 0.3 linecolor '#000000' title 'one period', \
	'' index 26 using 1:3 with points pointtype 6 pointsize 1.1 linecolor '#666666' title 'stained', \
	'' index 25 using 1:3 with points pointtype 2 pointsize 0.8 linecolor '#000000' title 'missed', \
	'' index 27 using 1:3 with points pointtype 11 pointsize 1 linecolor '#000000' title 'no end', \
	NaN with lines linecolor '#000000' dashtype 2 title 'deadline'
unset key
unset object
unset label
unset arrow
set object 1 rectangle from 7.001, graph 0 to 27.869, graph 1 behind fillcolor '#e4e4e4' fillstyle solid noborder
set label 2 'deadline, boot 4' at graph 1.019, graph 0.5 center rotate by -90 font ',14' textcolor '#999999'
set arrow 1 from graph 0, first 20.000 to graph 1, first 20.000 nohead linecolor '#000000' dashtype 2 front
plot 'response-time.dat' index 28 using 1:3 with points pointtype 7 pointsize 0.3 linecolor '#999999' title 'one period', \
	'' index 30 using 1:3 with points pointtype 6 pointsize 1.1 linecolor '#666666' title 'stained', \
	'' index 29 using 1:3 with points pointtype 2 pointsize 0.8 linecolor '#000000' title 'missed', \
	'' index 31 using 1:3 with points pointtype 11 pointsize 1 linecolor '#000000' title 'no end', \
	NaN with lines linecolor '#000000' dashtype 2 title 'deadline'
unset key
unset object
unset label
unset arrow
set object 1 rectangle from 7.008, graph 0 to 27.117, graph 1 behind fillcolor '#e4e4e4' fillstyle solid noborder
set label 2 'rq\_scan, boot 2' at graph 1.019, graph 0.5 center rotate by -90 font ',14' textcolor '#8c6d1f'
set arrow 1 from graph 0, first 20.000 to graph 1, first 20.000 nohead linecolor '#000000' dashtype 2 front
set xlabel 'time since the start of solo (s)'
set format x '%g'
plot 'response-time.dat' index 32 using 1:3 with points pointtype 7 pointsize 0.3 linecolor '#8c6d1f' title 'one period', \
	'' index 34 using 1:3 with points pointtype 6 pointsize 1.1 linecolor '#666666' title 'stained', \
	'' index 33 using 1:3 with points pointtype 2 pointsize 0.8 linecolor '#000000' title 'missed', \
	'' index 35 using 1:3 with points pointtype 11 pointsize 1 linecolor '#000000' title 'no end', \
	NaN with lines linecolor '#000000' dashtype 2 title 'deadline'
unset key
unset multiplot
