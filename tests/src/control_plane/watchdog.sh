# Stops a control plane, whichever way the process that runs it comes to its end.
#
# Standard input is a pipe that only that process holds open: closing it and dying look the same here. One line
# for each program that was started: its process id, and the same after a minus once it has been killed: the number
# may belong to somebody else then. At the end of the input, or at a signal, the programs are
# stopped in the reverse order (the API server before its store: both at once can hang for minutes), each asked
# first and killed after 5 s, and the folder is removed.
folder=$1
programs=

trap : HUP INT TERM
while read -r line; do
    case $line in
    -*)
        kept=
        for program in $programs; do
            [ "-$program" = "$line" ] || kept="$kept $program"
        done
        programs=$kept
        ;;
    *) programs="$line $programs" ;;
    esac
done
trap '' HUP INT TERM

alive() {
    kill -0 "$1" 2>/dev/null || return 1
    # A program that has ended while nobody has asked for its status yet (Z) is not alive.
    if [ -e /proc/self/stat ]; then
        read -r _ _ state _ <"/proc/$1/stat" || return 1
    else
        state=$(ps -o stat= -p "$1")
    fi
    case "$state" in *Z*) return 1 ;; esac
}

for program in $programs; do
    kill -TERM "$program" 2>/dev/null || continue
    looks=0
    while alive "$program"; do
        if [ "$looks" -eq 100 ]; then kill -KILL "$program" 2>/dev/null; fi
        if [ "$looks" -eq 120 ]; then break; fi
        looks=$((looks + 1))
        sleep 0.05
    done
done

# Whatever was started in the very moment in which its parent died is in this process group.
kill -TERM 0 2>/dev/null
rm -rf "$folder"
