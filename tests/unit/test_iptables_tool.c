/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be given to iptables-restore by a process that has no reason to trust who asks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/firewall/firewall_backend.h"
#include "edge/firewall/iptables_tool.h"

#define HEAD "*mangle\n:MSSCLAMP - [0:0]\n"
#define LINE(text) HEAD text "\nCOMMIT\n"

static const struct {
	const char *name, *input;
	bool ours;
} cases[] = {
	{ "nothing", "", false },
	{ "no rule at all", HEAD "COMMIT\n", true },
	{ "a rule of our chain", LINE("-A MSSCLAMP -p tcp -m tcp --tcp-flags FIN,SYN,RST SYN -j "
				      "NFQUEUE --queue-balance 5000:5003 --queue-bypass "
				      "--queue-cpu-fanout"), true },
	{ "a jump", LINE("-A FORWARD -p tcp -m tcp --tcp-flags FIN,SYN,RST SYN -j MSSCLAMP"), true },
	{ "somebody's jump, removed", LINE("-D FORWARD -i eth0 ! -o wg0 -m comment --comment \"to "
					   "ours\" -g MSSCLAMP"), true },
	{ "the chain removed", LINE("-X MSSCLAMP"), true },
	{ "another table", "*filter\n:MSSCLAMP - [0:0]\nCOMMIT\n", false },
	{ "a second table", HEAD "COMMIT\n*nat\nCOMMIT\n", false },
	{ "another chain", "*mangle\n:INPUT DROP [0:0]\nCOMMIT\n", false },
	{ "no end", HEAD "-X MSSCLAMP\n", false },
	{ "text behind the end", HEAD "COMMIT\n#", false },
	{ "a comment", HEAD "# -M\nCOMMIT\n", false },
	{ "--modprobe", LINE("-A MSSCLAMP --modprobe=/tmp/x -j NFQUEUE"), false },
	{ "--modprobe and its value", LINE("-A MSSCLAMP --modprobe /tmp/x"), false },
	{ "abbreviated", LINE("-A MSSCLAMP --mod /tmp/x"), false },
	{ "abbreviated, with a value", LINE("-A MSSCLAMP --mo=/tmp/x"), false },
	{ "-M", LINE("-A MSSCLAMP -M /tmp/x"), false },
	{ "-M and its value", LINE("-A MSSCLAMP -M/tmp/x"), false },
	{ "behind another letter", LINE("-A MSSCLAMP -fM/tmp/x"), false },
	{ "in quotes", LINE("-A MSSCLAMP \"--modprobe=/tmp/x\""), false },
	{ "quotes within a word", LINE("-A MSSCLAMP --mod\"probe=/tmp/x\""), false },
	{ "behind a tab", LINE("-A MSSCLAMP\t--modprobe=/tmp/x"), false },
	{ "behind an escape", LINE("-A MSSCLAMP -m comment --comment \"a\\\" -M /tmp/x\""), false },
	{ "behind a quote that is open", LINE("-A MSSCLAMP -m comment --comment \"a"), false },
	{ "a quote and no space", LINE("-A MSSCLAMP --comment \"a\"-M"), false },
	{ "as the value of an option", LINE("-A MSSCLAMP -i -M -j /tmp/x"), false },
	{ "a file of bpf", LINE("-A MSSCLAMP -m bpf --object-pinned /etc/shadow"), false },
	{ "abbreviated too", LINE("-A MSSCLAMP -m bpf --obj /etc/shadow"), false },
	{ "a library elsewhere", LINE("-A MSSCLAMP -m ../../tmp/x"), false },
	{ "a target's", LINE("-A MSSCLAMP -j /tmp/x"), false },
	{ "a table in the line", LINE("-t nat -A OUTPUT -j DNAT"), false },
	{ "a table behind it", LINE("-A MSSCLAMP --tab nat"), false },
	{ "a policy", LINE("-P INPUT DROP"), false },
	{ "all chains emptied", LINE("-F"), false },
	{ "two spaces", LINE("-A MSSCLAMP  -j NFQUEUE"), false },
	{ "a control character", LINE("-A MSSCLAMP -j NF\x01QUEUE"), false },
};

static void only_what_we_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (iptables_input_is_ours(cases[i].input) != cases[i].ours)
			fail_msg("%s", cases[i].name);
	}
}

/* Whatever the plan is. */
static void all_that_we_write(void **state)
{
	const struct firewall_lines nothing = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 32; i++) {
		const struct firewall_plan plan = {
			.hooks = i % 8,
			.queue_first = 5000,
			.queue_count = (uint16_t)(1 + i / 8),
			.per_source = i % 2 ? 100 : 0,
		};
		struct firewall_lines expected = { 0 };

		assert_int_equal(firewall_iptables_expect(&plan, &expected), 0);
		for (size_t family = 0; family < FIREWALL_FAMILIES; family++) {
			char *text = NULL;
			size_t size;
			FILE *out = open_memstream(&text, &size);

			assert_non_null(out);
			firewall_iptables_write(&expected, &nothing, family, out);
			fclose(out);
			if (!iptables_input_is_ours(text))
				fail_msg("%s", text);
			free(text);
			out = open_memstream(&text, &size);
			assert_non_null(out);
			firewall_iptables_write_removal(&expected, family, out);
			fclose(out);
			if (!iptables_input_is_ours(text))
				fail_msg("%s", text);
			free(text);
		}
		firewall_lines_done(&expected);
	}
}

static void no_such_request(void **state)
{
	static const struct iptables_request wrong[] = {
		{ IPTABLES_VARIANTS, 0, 0 }, { 0, IPTABLES_FAMILIES, 0 }, { 0, 0, IPTABLES_ACTIONS },
		{ UINT8_MAX, UINT8_MAX, UINT8_MAX },
	};
	struct child_result result;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(iptables_tool_run(&wrong[i], NULL, &result), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_we_write),
		cmocka_unit_test(all_that_we_write),
		cmocka_unit_test(no_such_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
