# SPDX-License-Identifier: GPL-2.0-or-later
# What runs where, and the way of a notification: the README's figure, the
# counterpart of the paper's Figure 2. Drawn by scripts/figures; by hand, from
# this folder: gnuplot architecture.gp, and gnuplot -e 'svg=1' architecture.gp
if (exists('svg')) {
	set terminal svg size 1200,760 font 'DejaVu Sans,15' background '#ffffff'
	set output 'architecture.svg'
} else {
	set terminal pngcairo size 1200,760 font 'DejaVu Sans,11.5' background '#ffffff'
	set output 'architecture.png'
}
set encoding utf8
unset border
unset tics
unset key
set margins 0,0,0,0
set xrange [0:1200]
set yrange [0:760]

blue = '#0072b2'
light = '#dcebf5'
red = '#d55e00'
pale = '#fbe6da'
grey = '#f1f1f1'
line = '#666666'

# ---- two guests ----
set style rectangle fillstyle solid border rgb line linewidth 1.2
set object 1 rectangle from 30,330 to 560,735 fillcolor rgb light
set object 2 rectangle from 640,330 to 1170,735 fillcolor rgb pale
set label 1 '{/:Bold control VM}' at 48,715
set label 2 '{/:Bold neighbour VM}, which boots beside it' at 658,715

# control processes in a ring: a turn each, first and last notify
set object 10 circle at 190,588 size 86 fillstyle empty border rgb blue linewidth 2
set object 11 circle at 190,674 size 22 fillcolor rgb blue fillstyle solid border rgb blue
set object 12 circle at 276,588 size 22 fillcolor rgb '#ffffff' fillstyle solid border rgb blue
set object 13 circle at 190,502 size 22 fillcolor rgb '#ffffff' fillstyle solid border rgb blue
set object 14 circle at 104,588 size 22 fillcolor rgb blue fillstyle solid border rgb blue
set for [i=11:14] object i front
set label 11 'P1' at 190,674 center front textcolor rgb '#ffffff'
set label 12 'P2' at 276,588 center front textcolor rgb blue
set label 13 'P3' at 190,502 center front textcolor rgb blue
set label 14 'P4' at 104,588 center front textcolor rgb '#ffffff'
set arrow 10 from 246.5,653 to 255,644 linecolor rgb blue linewidth 2 size 9,20 filled
set arrow 11 from 255,532 to 246.5,523 linecolor rgb blue linewidth 2 size 9,20 filled
set arrow 12 from 133.5,523 to 125,532 linecolor rgb blue linewidth 2 size 9,20 filled
set label 15 "ring 1\npriority 80\nevery 20 ms" at 190,605 center textcolor rgb '#444444'

# the neighbour's ring
set object 20 circle at 800,588 size 62 fillstyle empty border rgb red linewidth 2
set object 21 circle at 800,650 size 22 fillcolor rgb red fillstyle solid border rgb red
set object 22 circle at 800,526 size 22 fillcolor rgb red fillstyle solid border rgb red
set for [i=21:22] object i front
set label 21 'P1' at 800,650 center front textcolor rgb '#ffffff'
set label 22 'P2' at 800,526 center front textcolor rgb '#ffffff'
set label 23 "ring 1\npriority 40" at 800,597 center textcolor rgb '#444444'
set object 24 rectangle from 910,520 to 1145,655 fillcolor rgb '#ffffff'
set label 24 "boot: systemd,\nmuch disk I/O, CPU load;\nlater stress-ng, fio" at 1027,606 center

# module and device
set object 30 rectangle from 60,360 to 530,425 fillcolor rgb '#ffffff'
set label 30 "{/:Bold ringsched.ko}: ring engine, virtio driver\ntwo kicks a period, however many processes" at 295,402 center
set object 31 rectangle from 670,360 to 1140,425 fillcolor rgb '#ffffff'
set label 31 "{/:Bold ringsched.ko}" at 905,393 center
set arrow 30 from 335,600 to 335,430 linecolor rgb blue linewidth 2 size 12,20 filled
set label 32 "first member: START\nlast member: END\n{/DejaVuSansMono=11 g\\_sched\\_notify\\_start()}\n{/DejaVuSansMono=11 g\\_sched\\_notify\\_end()}" at 350,545 textcolor rgb blue
set arrow 31 from 800,500 to 800,430 linecolor rgb red linewidth 2 size 12,20 filled

# ---- host ----
set object 40 rectangle from 30,25 to 1170,270 fillcolor rgb grey
set label 40 '{/:Bold host}: stock Linux kernel, stock QEMU and libvirt' at 48,48
set object 41 rectangle from 60,92 to 570,240 fillcolor rgb '#ffffff'
set label 41 "housekeeping core" at 555,224 right textcolor rgb '#666666'
set object 42 rectangle from 80,104 to 345,200 fillcolor rgb '#ffffff' linewidth 2
set label 42 "{/:Bold ringschedd}\nwhich VM, which ring?\npolicy: none, static,\nring, ring\\_boot" at 212,183 center
set label 43 "emulator and I/O threads\nof both VMs; the harness" at 460,178 center textcolor rgb '#444444'
set object 44 rectangle from 640,92 to 1140,240 fillcolor rgb '#ffffff'
set label 44 "shared core" at 1125,224 right textcolor rgb '#666666'
set object 45 rectangle from 670,140 to 875,205 fillcolor rgb light
set object 46 rectangle from 905,140 to 1110,205 fillcolor rgb pale
set label 45 "vCPU thread\nof control" at 772,182 center
set label 46 "vCPU thread\nof the neighbour" at 1007,182 center

# the notifications' way down, and the priorities that follow
set arrow 40 from 212,356 to 212,206 linecolor rgb blue linewidth 3 size 14,20 filled front
set label 47 "virtqueue kick → eventfd\n(vhost-user device: the VM is told\napart by its vring's address)" at 232,317 textcolor rgb blue
set arrow 41 from 670,378 to 600,378 nohead linecolor rgb red linewidth 3
set arrow 42 from 600,378 to 600,256 nohead linecolor rgb red linewidth 3
set arrow 43 from 600,256 to 300,256 nohead linecolor rgb red linewidth 3
set arrow 44 from 300,256 to 300,206 linecolor rgb red linewidth 3 size 14,20 filled front
set arrow 45 from 345,114 to 1007,114 nohead linecolor rgb '#000000' linewidth 3 front
set arrow 46 from 772,114 to 772,138 linecolor rgb '#000000' linewidth 3 size 12,20 filled front
set arrow 47 from 1007,114 to 1007,138 linecolor rgb '#000000' linewidth 3 size 12,20 filled front
set label 48 'sched\_setattr(), read back: SCHED\_FIFO by the highest active ring; with none active, ordinary again' at 1140,72 right
plot NaN
