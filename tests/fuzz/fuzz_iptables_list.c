/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What iptables-save prints of table mangle, and what iptables-restore would get because of it.
 * layer: edge
 * The last bit of the first byte is the family. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/firewall/firewall_backend.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(const struct firewall_lines *live, size_t family)
{
	const char *command = family ? "ip6tables -t mangle -" : "iptables -t mangle -";

	for (size_t i = 0; i < live->count; i++) {
		const struct firewall_line *line = &live->line[i];

		CHECK(line->family == family && strstr(line->text, FIREWALL_CHAIN));
		CHECK(strncmp(line->text, command, strlen(command)) == 0);
		CHECK(!strchr(line->text, '\n'));
	}
}

/* At most one a hook, and none of them is ours. */
static void check_before(const char *save, size_t family)
{
	struct firewall_lines before = { 0 };

	CHECK(firewall_iptables_before(save, family, &before) == 0);
	CHECK(before.count <= FIREWALL_HOOKS);
	for (size_t i = 0; i < before.count; i++) {
		const char *rule = strstr(before.line[i].text, "-A ");

		CHECK(rule && !strchr(rule, '\n'));
		CHECK(!firewall_iptables_leads_to_us(rule, strlen(rule)));
	}
	firewall_lines_done(&before);
}

/* Whatever is live, table mangle is opened once and closed once, and each rule that is added or
 * deleted stands in our chain or leads to it. */
static void check_script(char *script)
{
	static const char head[] = "*mangle\n:" FIREWALL_CHAIN " - [0:0]\n";
	char *line = script + sizeof(head) - 1, *end;

	if (!*script)
		return;
	CHECK(strncmp(script, head, sizeof(head) - 1) == 0);
	for (; strcmp(line, "COMMIT\n") != 0; line = end + 1) {
		end = strchr(line, '\n');
		CHECK(end);
		*end = '\0';
		CHECK(strncmp(line, "-A ", 3) == 0 || strncmp(line, "-D ", 3) == 0 ||
		      strcmp(line, "-X " FIREWALL_CHAIN) == 0);
		CHECK(strstr(line, FIREWALL_CHAIN));
	}
}

static void write_scripts(const struct firewall_lines *expected, const struct firewall_lines *live,
			  size_t family)
{
	char *script;
	size_t len;
	FILE *out = open_memstream(&script, &len);

	CHECK(out);
	firewall_iptables_write(expected, live, family, out);
	fclose(out);
	check_script(script);
	free(script);
	out = open_memstream(&script, &len);
	CHECK(out);
	firewall_iptables_write_removal(live, family, out);
	fclose(out);
	CHECK((len == 0) == (live->count == 0));
	check_script(script);
	free(script);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct firewall_plan plan = {
		.hooks = FIREWALL_FORWARD | FIREWALL_OUTPUT, .queue_first = 5000, .queue_count = 4,
		.per_source = 500,
	};
	struct firewall_lines live = { 0 }, expected = { 0 };
	size_t family;
	char *save;

	if (size < 1)
		return 0;
	family = data[0] & 1;
	save = malloc(size);
	CHECK(save);
	memcpy(save, data + 1, size - 1);
	save[size - 1] = '\0';
	CHECK(firewall_iptables_parse(save, family, &live) == 0);
	CHECK(firewall_iptables_expect(&plan, &expected) == 0);
	check_lines(&live, family);
	check_before(save, family);
	(void)firewall_lines_match(&expected, &live);
	write_scripts(&expected, &live, family);
	firewall_lines_done(&live);
	firewall_lines_done(&expected);
	free(save);
	return 0;
}
