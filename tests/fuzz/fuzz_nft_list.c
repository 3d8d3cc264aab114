/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libnftables' list of our table, as JSON and, behind a NUL byte, as text; and what would be loaded
 * because of it.
 * layer: edge */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/firewall/firewall_backend.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Owned, as a string of exactly that length. */
static char *copy_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	CHECK(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static void check_lines(const struct firewall_lines *live)
{
	for (size_t i = 0; i < live->count; i++) {
		const struct firewall_line *line = &live->line[i];

		CHECK(line->text && strncmp(line->text, "add ", 4) == 0);
		CHECK(line->kind != FIREWALL_IS_CHAIN || line->hook);
		CHECK(!line->over_limit || line->kind == FIREWALL_IS_RULE);
	}
}

/* Whatever is live, what is loaded is one command a line about our table. */
static void check_script(char *script)
{
	static const char *const begins[] = {
		"add table inet mssclamp\n", "add chain inet mssclamp ", "add rule inet mssclamp ",
		"add set inet mssclamp ", "flush chain inet mssclamp ",
		"delete chain inet mssclamp ", "delete set inet mssclamp ",
	};

	for (char *line = script, *end; *line; line = end + 1) {
		size_t i = 0;

		end = strchr(line, '\n');
		CHECK(end);
		while (i < sizeof(begins) / sizeof(begins[0]) &&
		       strncmp(line, begins[i], strlen(begins[i])) != 0)
			i++;
		CHECK(i < sizeof(begins) / sizeof(begins[0]));
		CHECK(strncmp(line, "delete set", 10) != 0 ||
		      !memchr(line, ';', (size_t)(end - line)));
	}
}

static void compare(struct firewall_lines *live, const struct firewall_plan *plan)
{
	struct firewall_lines expected = { 0 };
	size_t script_len, diff_len;
	char *script, *diff;
	FILE *out;
	enum firewall_state state;

	CHECK(firewall_nft_expect(plan, &expected) == 0);
	state = firewall_lines_match(&expected, live);
	CHECK(state != FIREWALL_STATE_MISSING || live->count == 0);
	out = open_memstream(&diff, &diff_len);
	CHECK(out);
	firewall_lines_diff(&expected, live, out);
	fclose(out);
	CHECK((diff_len == 0) == (state == FIREWALL_STATE_OK));
	out = open_memstream(&script, &script_len);
	CHECK(out);
	firewall_nft_write(&expected, live, out);
	fclose(out);
	check_script(script);
	free(diff);
	free(script);
	firewall_lines_done(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct firewall_plan plans[] = {
		{ .hooks = FIREWALL_FORWARD, .queue_first = 5000, .queue_count = 4 },
		{ .hooks = 7, .queue_first = 9, .queue_count = 1, .per_source = 500 },
	};
	size_t json_len = strnlen((const char *)data, size);
	struct firewall_lines live = { 0 };
	size_t alien = SIZE_MAX;
	char *json = copy_text(data, json_len);
	char *plain = json_len < size ? copy_text(data + json_len + 1, size - json_len - 1) : NULL;
	int r = firewall_nft_parse(json, plain, &live, &alien);

	CHECK(r == 0 || (r == -EBADMSG && alien == SIZE_MAX));
	if (r == 0) {
		CHECK(alien <= live.count);
		check_lines(&live);
		for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
			compare(&live, &plans[i]);
	}
	firewall_lines_done(&live);
	free(json);
	free(plain);
	return 0;
}
