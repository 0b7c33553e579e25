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
set xrange [0.4:9.6]
unset grid
set grid ytics
unset key
set xtics ('none' 1, 'static' 2, 'ring' 3, 'ring\_boot' 4, 'ring\_irq' 5, 'per\_switch' 6, 'dedicated' 7, 'deadline' 8, 'rq\_scan' 9) scale 0 rotate by 30 right
set title "notifications or reads, a period"
set yrange [0:38.794]
plot 'cost.dat' every ::0::0 using 1:2 with boxes linecolor '#d55e00', \
	'cost.dat' every ::1::1 using 1:2 with boxes linecolor '#56b4e9', \
	'cost.dat' every ::2::2 using 1:2 with boxes linecolor '#e69f00', \
	'cost.dat' every ::3::3 using 1:2 with boxes linecolor '#0072b2', \
	'cost.dat' every ::4::4 using 1:2 with boxes linecolor '#009e73', \
	'cost.dat' every ::5::5 using 1:2 with boxes linecolor '#cc79a7', \
	'cost.dat' every ::6::6 using 1:2 with boxes linecolor '#000000', \
	'cost.dat' every ::7::7 using 1:2 with boxes linecolor '#999999', \
	'cost.dat' every ::8::8 using 1:2 with boxes linecolor '#8c6d1f', \
	'cost.dat' using 1:2:(sprintf("%.3g", column(2))) with labels rotate by 90 left offset 0,0.4
set title "daemon: CPU ms a second"
set yrange [0:36.7798]
plot 'cost.dat' every ::0::0 using 1:3 with boxes linecolor '#d55e00', \
	'cost.dat' every ::1::1 using 1:3 with boxes linecolor '#56b4e9', \
	'cost.dat' every ::2::2 using 1:3 with boxes linecolor '#e69f00', \
	'cost.dat' every ::3::3 using 1:3 with boxes linecolor '#0072b2', \
	'cost.dat' every ::4::4 using 1:3 with boxes linecolor '#009e73', \
	'cost.dat' every ::5::5 using 1:3 with boxes linecolor '#cc79a7', \
	'cost.dat' every ::6::6 using 1:3 with boxes linecolor '#000000', \
	'cost.dat' every ::7::7 using 1:3 with boxes linecolor '#999999', \
	'cost.dat' every ::8::8 using 1:3 with boxes linecolor '#8c6d1f', \
	'cost.dat' using 1:3:(sprintf("%.3g", column(3))) with labels rotate by 90 left offset 0,0.4
set title "priority changes, a second"
set yrange [0:161.326]
plot 'cost.dat' every ::0::0 using 1:4 with boxes linecolor '#d55e00', \
	'cost.dat' every ::1::1 using 1:4 with boxes linecolor '#56b4e9', \
	'cost.dat' every ::2::2 using 1:4 with boxes linecolor '#e69f00', \
	'cost.dat' every ::3::3 using 1:4 with boxes linecolor '#0072b2', \
	'cost.dat' every ::4::4 using 1:4 with boxes linecolor '#009e73', \
	'cost.dat' every ::5::5 using 1:4 with boxes linecolor '#cc79a7', \
	'cost.dat' every ::6::6 using 1:4 with boxes linecolor '#000000', \
	'cost.dat' every ::7::7 using 1:4 with boxes linecolor '#999999', \
	'cost.dat' every ::8::8 using 1:4 with boxes linecolor '#8c6d1f', \
	'cost.dat' using 1:4:(sprintf("%.3g", column(4))) with labels rotate by 90 left offset 0,0.4
set title "guest besides its work: CPU ms a period (solo)"
set yrange [0:1.83204]
plot 'cost.dat' every ::0::0 using 1:5 with boxes linecolor '#d55e00', \
	'cost.dat' every ::1::1 using 1:5 with boxes linecolor '#56b4e9', \
	'cost.dat' every ::2::2 using 1:5 with boxes linecolor '#e69f00', \
	'cost.dat' every ::3::3 using 1:5 with boxes linecolor '#0072b2', \
	'cost.dat' every ::4::4 using 1:5 with boxes linecolor '#009e73', \
	'cost.dat' every ::5::5 using 1:5 with boxes linecolor '#cc79a7', \
	'cost.dat' every ::6::6 using 1:5 with boxes linecolor '#000000', \
	'cost.dat' every ::7::7 using 1:5 with boxes linecolor '#999999', \
	'cost.dat' every ::8::8 using 1:5 with boxes linecolor '#8c6d1f', \
	'cost.dat' using 1:5:(sprintf("%.3g", column(5))) with labels rotate by 90 left offset 0,0.4
set title "neighbour: boot (s)"
set yrange [0:30.0614]
plot 'cost.dat' every ::0::0 using 1:6 with boxes linecolor '#d55e00', \
	'cost.dat' every ::1::1 using 1:6 with boxes linecolor '#56b4e9', \
	'cost.dat' every ::2::2 using 1:6 with boxes linecolor '#e69f00', \
	'cost.dat' every ::3::3 using 1:6 with boxes linecolor '#0072b2', \
	'cost.dat' every ::4::4 using 1:6 with boxes linecolor '#009e73', \
	'cost.dat' every ::5::5 using 1:6 with boxes linecolor '#cc79a7', \
	'cost.dat' every ::6::6 using 1:6 with boxes linecolor '#000000', \
	'cost.dat' every ::7::7 using 1:6 with boxes linecolor '#999999', \
	'cost.dat' every ::8::8 using 1:6 with boxes linecolor '#8c6d1f', \
	'cost.dat' using 1:6:(sprintf("%.3g", column(6))) with labels rotate by 90 left offset 0,0.4
set title "neighbour: CPU, % of the core"
set yrange [0:121.492]
plot 'cost.dat' every ::0::0 using 1:7 with boxes linecolor '#d55e00', \
	'cost.dat' every ::1::1 using 1:7 with boxes linecolor '#56b4e9', \
	'cost.dat' every ::2::2 using 1:7 with boxes linecolor '#e69f00', \
	'cost.dat' every ::3::3 using 1:7 with boxes linecolor '#0072b2', \
	'cost.dat' every ::4::4 using 1:7 with boxes linecolor '#009e73', \
	'cost.dat' every ::5::5 using 1:7 with boxes linecolor '#cc79a7', \
	'cost.dat' every ::6::6 using 1:7 with boxes linecolor '#000000', \
	'cost.dat' every ::7::7 using 1:7 with boxes linecolor '#999999', \
	'cost.dat' every ::8::8 using 1:7 with boxes linecolor '#8c6d1f', \
	'cost.dat' using 1:7:(sprintf("%.3g", column(7))) with labels rotate by 90 left offset 0,0.4
unset multiplot
