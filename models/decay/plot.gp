# Draws docs/images/decay_norms.png and decay_accuracy.png from build/decay; run by models/decay/run.
# Colours after Okabe and Ito, which people with any colour vision can tell apart; dashes and points
# tell them apart in print too.
set datafile separator tab
set style line 1 lc rgb "#000000" lw 1.5 dt (8,5)  # no decay
set style line 2 lc rgb "#0072B2" lw 1.5 dt 1      # weak
set style line 3 lc rgb "#E69F00" lw 1.5 dt (14,4) # medium
set style line 4 lc rgb "#D55E00" lw 1.5 dt (4,3)  # strong
set style line 5 lc rgb "#0072B2" lw 1.5 dt 1      pt 7 ps 1.8 # L2
set style line 6 lc rgb "#E69F00" lw 1.5 dt (14,4) pt 5 ps 1.8 # L1
set style line 7 lc rgb "#009E73" lw 1.5 dt (4,3)  pt 9 ps 2.2 # decoupled
unset key
name(solver) = solver eq "sgd" ? "SGD, momentum 0.9" : "Adam"

# The legend is a plot of its own below the others: nothing but a key.
legend = "unset title; unset xlabel; unset ylabel; unset tics; unset border; unset grid; \
          unset logscale; set yrange [0:1]; set key center center horizontal samplen 3 width 3; \
          set lmargin at screen 0; set rmargin at screen 1; set bmargin at screen 0; \
          set tmargin at screen 0.08"

# ---- norms.tsv: iteration, and a column for each run ----
norms = "build/decay/norms.tsv"
set terminal pngcairo size 1500,950 font "DejaVu Sans,17" linewidth 2
set output "docs/images/decay_norms.png"
set multiplot layout 2,3 margins 0.085,0.985,0.15,0.95 spacing 0.025,0.10
set logscale y
set grid lc rgb "#dddddd" lt 1
set yrange [2:60]
set ytics (2, 5, 10, 20, 50)
set xrange [0:2000]
set xtics 0,500,1500
do for [solver in "sgd adam"] {
    if (solver eq "adam") { set xlabel "iteration" offset 0,0.3 }
    do for [type in "L2 L1 decoupled"] {
        set title sprintf("%s: %s", name(solver), type) offset 0,-0.6
        if (type eq "L2") { set format y "%g"; set ylabel "norm of all weights" offset 0.5 }
        if (type ne "L2") { set format y ""; unset ylabel }
        plot norms using "iteration":solver."-none" with lines ls 1, \
             norms using "iteration":solver."-".type."-weak" with lines ls 2, \
             norms using "iteration":solver."-".type."-medium" with lines ls 3, \
             norms using "iteration":solver."-".type."-strong" with lines ls 4
    }
}
@legend
plot NaN with lines ls 1 title "no decay", NaN with lines ls 2 title "weak", \
     NaN with lines ls 3 title "medium", NaN with lines ls 4 title "strong"
unset multiplot

# ---- results.tsv: run, solver, type, strength, weight_decay, accuracy, loss, norm ----
results = "build/decay/results.tsv"
of(solver, type) = sprintf("< awk -F'\\t' '$2 == \"%s\" && ($3 == \"%s\" || $3 == \"none\")' %s", \
                           solver, type, results)
set terminal pngcairo size 1500,650 font "DejaVu Sans,17" linewidth 2
set output "docs/images/decay_accuracy.png"
unset key
set border
set grid lc rgb "#dddddd" lt 1
set multiplot layout 1,2 margins 0.085,0.985,0.24,0.92 spacing 0.03
set yrange [70:92]
set ytics 70,5,90
set xrange [-0.3:3.3]
set xtics ("none" 0, "weak" 1, "medium" 2, "strong" 3)
set xlabel "decay" offset 0,0.3
do for [solver in "sgd adam"] {
    set title name(solver) offset 0,-0.6
    if (solver eq "sgd") { set format y "%g %%"; set ylabel "test accuracy" offset 0.5 }
    if (solver ne "sgd") { set format y ""; unset ylabel }
    plot of(solver, "L2") using 0:(100 * $6) with linespoints ls 5, \
         of(solver, "L1") using 0:(100 * $6) with linespoints ls 6, \
         of(solver, "decoupled") using 0:(100 * $6) with linespoints ls 7
}
@legend
plot NaN with linespoints ls 5 title "L2", NaN with linespoints ls 6 title "L1", \
     NaN with linespoints ls 7 title "decoupled"
unset multiplot
