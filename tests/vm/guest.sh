#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# guest.sh [NAME]...: in the VM, with systemd as PID 1: installs the tree's programs into the guest and
# runs test_NAME.sh, every one of them without a name. The closing line is the sum of theirs.
set -u
cp -a build/vm/root/. / || exit 1
passed=0
failed=0
[ $# -gt 0 ] || set -- '*'
set -- "${@/#/tests/vm/test_}"
# shellcheck disable=SC2068 # the names are patterns
for test in ${@/%/.sh}; do
	echo "== ${test##*/}"
	timeout -k 5 400 bash "$test" </dev/null 2>&1 | tee /tmp/output
	result=$(tail -n 1 /tmp/output)
	if [[ $result =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] && [ "${BASH_REMATCH[1]}" != 0 ]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
	else
		echo "FAIL  ${test##*/} ended without a result"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
