# What the rings did in the guests, and the priority their vCPU threads had
# Run by hand from this folder: gnuplot priority.gp
# As SVG: gnuplot -e 'svg=1' priority.gp
if (exists('svg')) {
	set terminal svg size 1300,680 font 'DejaVu Sans,14' background '#ffffff'
	set output 'priority.svg'
} else {
	set terminal pngcairo size 1300,680 font 'DejaVu Sans,12' background '#ffffff'
	set output 'priority.png'
}
set encoding utf8
set border linecolor '#444444'
set grid linecolor '#dddddd' linetype 1
set tics nomirror
set multiplot title 'Rings in the guests and the priority of their vCPU threads: policy ring\_boot, boot 5, phase shared'
set lmargin at screen 0.155
set rmargin at screen 0.985
set xrange [0:80.000]
narrow = 0.727 # ms: a shorter turn has no room for its number
set grid xtics noytics
set tmargin at screen 0.83
set bmargin at screen 0.50
set yrange [0.5:2.62]
set format x ''
set label 1 'in the guests' at screen 0.014, screen 0.665 center rotate
set key at screen 0.985,0.905 right horizontal samplen 1.5
array blues[2] = [0x0072b2, 0x56b4e9]
array reds[2] = [0xd55e00, 0xe69f00]
set style fill solid 1 noborder
set ytics ("control\nring 1, prio 80" 2, "neighbour\nring 1, prio 40" 1)
plot 'priority.dat' index 0 using (($1+$2)/2):(2):1:2:(1.72):(2.28):(blues[(int($3)-1)%2+1]) with boxxyerror linecolor rgb variable notitle, \
	'' index 0 using ($2-$1 > narrow ? ($1+$2)/2 : NaN):(2):(sprintf('%d', int($3))):(int($3)%2 ? 0xffffff : 0) with labels textcolor rgb variable notitle, \
	'' index 1 using 1:(2.42) with points pointtype 11 pointsize 1 linecolor '#000000' title 'planned release', \
	'priority.dat' index 2 using (($1+$2)/2):(1):1:2:(0.72):(1.28):(reds[(int($3)-1)%2+1]) with boxxyerror linecolor rgb variable notitle, \
	'' index 2 using ($2-$1 > narrow ? ($1+$2)/2 : NaN):(1):(sprintf('%d', int($3))):(int($3)%2 ? 0xffffff : 0) with labels textcolor rgb variable notitle, \
	'' index 3 using 1:(1.42) with points pointtype 11 pointsize 1 linecolor '#000000' notitle, \
	NaN with lines linewidth 3 linecolor '#0072b2' title 'control', \
	NaN with lines linewidth 3 linecolor '#d55e00' title 'neighbour'
unset key
set tmargin at screen 0.46
set bmargin at screen 0.12
set yrange [-22:96]
set format x '%g'
set xlabel 'time (ms)'
set label 1 'vCPU threads on the host' at screen 0.014, screen 0.29 center rotate
set grid xtics ytics
set ytics ('SCHED\_IDLE' -14, 'SCHED\_OTHER' 0, 'SCHED\_FIFO 40' 40, 'SCHED\_FIFO 80' 80)
plot 'priority.dat' index 4 using 1:2 with steps linewidth 2.5 linecolor '#0072b2', \
	'' index 5 using 1:($2-1.5) with steps linewidth 2.5 linecolor '#d55e00'
unset multiplot
