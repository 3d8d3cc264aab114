#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In the VM, with systemd as PID 1: installs the tree's programs into the guest and runs every
# test_*.sh. The closing line is the sum of theirs.
set -u
cp -a build/vm/root/. / || exit 1
passed=0
failed=0
for test in tests/vm/test_*.sh; do
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
