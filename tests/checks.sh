# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by the check scripts: one line a check, counted; the closing line is what run-checks reads.
passed=0
failed=0

# check NAME COMMAND...: what the command prints is shown only where it fails.
check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1 </dev/null); then
		passed=$((passed + 1))
		echo "ok    $name"
		return 0
	fi
	failed=$((failed + 1))
	echo "FAIL  $name"
	[ -z "$output" ] || printf '%s\n' "$output" | tail -n 60 | sed 's/^/      /'
	return 1
}

# refuses COMMAND...: succeeds where the command fails.
refuses() {
	! "$@"
}

# equals EXPECTED COMMAND...: the command succeeds and prints exactly that.
equals() {
	local expected=$1 got
	shift
	got=$("$@") || { echo "$* failed"; return 1; }
	[ "$got" = "$expected" ] || { echo "expected: $expected"; echo "got:      $got"; return 1; }
}

# within SECONDS COMMAND...: tries until the command succeeds or the time is over, of which bash counts
# whole seconds. period: seconds between two tries.
within() {
	local until=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$until" ] || { "$@"; return; }
		sleep "${period-0.1}"
	done
}

# checks_of NAME COMMAND...: those of another program, whose closing line has their number. Its lines are shown.
checks_of() {
	local name=$1 log
	shift
	log=$(mktemp)
	"$@" </dev/null 2>&1 | tee "$log"
	if [[ $(tail -n 1 "$log") =~ ^([1-9][0-9]*)\ passed,\ ([0-9]+)\ failed$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
	else
		echo "FAIL  $name ended without a result"
		failed=$((failed + 1))
	fi
	rm "$log"
}

# copy_tree FOLDER: this tree, with what is not committed yet and without what was built.
copy_tree() (
	set -o pipefail
	mkdir -p "$1" &&
		tar --exclude=__pycache__ --exclude=.pytest_cache --exclude=./build --exclude=./tests/vm/cache \
			--exclude=./.git --exclude=autom4te.cache --exclude=./config.mk --exclude=./config.log \
			--exclude=./config.status --exclude=./configure -cf - . | tar -C "$1" --no-same-owner -xf -
)

# commit MESSAGE: what has changed of the files that git knows in the copy that one is in; commit_all: all of it.
commit() {
	git -c user.name=check -c user.email=check@localhost commit -qam "$1"
}
commit_all() {
	git init -q . && git add -A && commit "$1"
}

# The closing line; fails if any check did.
checks_end() {
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
