#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# guest.sh [NAME]...: in the VM, with systemd as PID 1: installs the tree's programs into the guest and
# runs test_NAME.sh, every one of them without a name. The closing line is the sum of theirs.
set -u
# shellcheck source=tests/checks.sh
. tests/checks.sh
cp -a build/vm/root/. / || exit 1
[ $# -gt 0 ] || set -- '*'
set -- "${@/#/tests/vm/test_}"
# shellcheck disable=SC2068 # the names are patterns
for test in ${@/%/.sh}; do
	echo "== ${test##*/}"
	checks_of "${test##*/}" timeout -k 5 800 bash "$test"
done
checks_end
