# Cost of each policy in the judged phase: notifications or reads, CPU time of the daemon and of the guest, and what is left for the neighbour
# Run by hand from this folder: gnuplot cost.gp
# As SVG: gnuplot -e 'svg=1' cost.gp
if (exists('svg')) {
	set terminal svg size 1200,720 font 'DejaVu Sans,14' background '#ffffff'
	set output 'cost.svg'
} else {
	set terminal pngcairo size 1200,720 font 'DejaVu Sans,12' background '#ffffff'
	set output 'cost.png'
}
set encoding utf8
set border linecolor '#444444'
set grid linecolor '#dddddd' linetype 1
set tics nomirror
set multiplot layout 2, 3 title 'What it costs in phase boot'
set style fill solid 1 noborder
set boxwidth 0.7
set xrange [0.4:1.6]
unset grid
set grid ytics
unset key
set xtics ('ring\_boot' 1) scale 0 rotate by 30 right
set title "notifications or reads, a period"
set yrange [0:2.4]
plot 'cost.dat' every ::0::0 using 1:2 with boxes linecolor '#0072b2', \
	'cost.dat' using 1:2:(sprintf("%.3g", column(2))) with labels offset 0,0.7
set title "daemon: CPU ms a second"
set yrange [0:7.66599]
plot 'cost.dat' every ::0::0 using 1:3 with boxes linecolor '#0072b2', \
	'cost.dat' using 1:3:(sprintf("%.3g", column(3))) with labels offset 0,0.7
set title "priority changes, a second"
set yrange [0:120.013]
plot 'cost.dat' every ::0::0 using 1:4 with boxes linecolor '#0072b2', \
	'cost.dat' using 1:4:(sprintf("%.3g", column(4))) with labels offset 0,0.7
set title "guest besides its work: CPU ms a period (solo)"
set yrange [0:1.54537]
plot 'cost.dat' every ::0::0 using 1:5 with boxes linecolor '#0072b2', \
	'cost.dat' using 1:5:(sprintf("%.3g", column(5))) with labels offset 0,0.7
set title "neighbour: boot (s)"
set yrange [0:43.051]
plot 'cost.dat' every ::0::0 using 1:6 with boxes linecolor '#0072b2', \
	'cost.dat' using 1:6:(sprintf("%.3g", column(6))) with labels offset 0,0.7
set title "neighbour: CPU, % of the core"
set yrange [0:35.7189]
plot 'cost.dat' every ::0::0 using 1:7 with boxes linecolor '#0072b2', \
	'cost.dat' using 1:7:(sprintf("%.3g", column(7))) with labels offset 0,0.7
unset multiplot
