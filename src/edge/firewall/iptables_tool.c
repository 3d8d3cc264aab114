/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/firewall/iptables_tool.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "edge/firewall/firewall_backend.h"

const struct iptables_tools iptables_variants[IPTABLES_VARIANTS] = {
	{ "iptables-nft", { "iptables-nft", "ip6tables-nft" }, true },
	{ "iptables-legacy", { "iptables-legacy", "ip6tables-legacy" }, false },
	{ "iptables", { "iptables", "ip6tables" }, false },
};

static const struct {
	const char *program;
	const char *arguments[5];
} actions[IPTABLES_ACTIONS] = {
	[IPTABLES_SAVE] = { "save", { "-c", "-t", "mangle" } },
	[IPTABLES_TRY] = { "restore", { "--test", "--noflush" } },
	[IPTABLES_RESTORE] = { "restore", { "-w", "5", "--noflush" } },
};

bool iptables_tool_find(const struct iptables_request *request, char path[CHILD_PATH_MAX])
{
	char name[CHILD_PATH_MAX];

	snprintf(name, sizeof(name), "%s-%s",
		 iptables_variants[request->variant].program[request->family],
		 actions[request->action].program);
	return child_find(name, path);
}

int iptables_tool_run(const struct iptables_request *request, const char *input,
		      struct child_result *ret_result)
{
	const char *argv[1 + COUNT(actions[0].arguments)];
	char path[CHILD_PATH_MAX];

	if (request->variant >= IPTABLES_VARIANTS || request->family >= IPTABLES_FAMILIES ||
	    request->action >= IPTABLES_ACTIONS)
		return -EINVAL;
	if (!iptables_tool_find(request, path))
		return -ENOENT;
	argv[0] = path;
	memcpy(argv + 1, actions[request->action].arguments,
	       sizeof(actions[request->action].arguments));
	return child_run(argv, request->action == IPTABLES_SAVE ? NULL : input,
			 IPTABLES_TIMEOUT_MS, ret_result);
}

/* A word of a rule. */
struct word {
	const char *text;
	size_t len;
	bool quoted;
};

/* Takes the next word of the line, which ends at `end`, as iptables-restore parses it. Returns 1, 0
 * at the end, or -EINVAL where two parsers could see different words. */
static int next_word(const char **at, const char *end, struct word *ret_word)
{
	const char *start = *at, *stop;

	if (start == end)
		return 0;
	ret_word->quoted = *start == '"';
	start += ret_word->quoted;
	stop = start;
	while (stop < end && *stop != (ret_word->quoted ? '"' : ' ')) {
		if (!isprint((unsigned char)*stop) || *stop == '\\' || *stop == '"' ||
		    *stop == '\'')
			return -EINVAL;
		stop++;
	}
	*ret_word = (struct word){ start, (size_t)(stop - start), ret_word->quoted };
	if (ret_word->quoted && stop++ == end)
		return -EINVAL;
	if (stop < end && *stop++ != ' ')
		return -EINVAL;
	*at = stop;
	return ret_word->len > 0 || ret_word->quoted ? 1 : -EINVAL;
}

/* Whether getopt_long might take that option, with or without "=value", for a long one. */
static bool could_be(const struct word *word, const char *option)
{
	const char *equals = memchr(word->text, '=', word->len);
	size_t len = equals ? (size_t)(equals - word->text) : word->len;

	return len <= strlen(option) && strncmp(word->text, option, len) == 0;
}

/* Options of rules as iptables-save writes them. What would run a program (--modprobe), open a file
 * (--object-pinned) or lead to another table is not among them, abbreviated or not. */
static bool is_option_of_rule(const struct word *word)
{
	static const char letters[] = "AXDpsdiomjgf";

	if (word->quoted)
		return false;
	if (word->len == 2 && word->text[1] != '-')
		return strchr(letters, word->text[1]) != NULL;
	return word->len > 2 && word->text[1] == '-' && !could_be(word, "--modprobe") &&
	       !could_be(word, "--object-pinned") && !could_be(word, "--table");
}

/* The name of a match or target is part of the name of a library. */
static bool is_name(const struct word *word)
{
	for (size_t i = 0; i < word->len; i++) {
		if (!isalnum((unsigned char)word->text[i]) && !strchr("_-", word->text[i]))
			return false;
	}
	return word->len > 0 && !word->quoted;
}

static bool is_word(const struct word *word, const char *text)
{
	return !word->quoted && word->len == strlen(text) &&
	       memcmp(word->text, text, word->len) == 0;
}

/* "-A CHAIN ...", "-D CHAIN ..." or "-X CHAIN". */
static bool is_rule(const char *line, const char *end)
{
	bool name_follows = false;
	struct word word;
	int r;

	if (end - line < 3 || line[0] != '-' || !strchr("ADX", line[1]) || line[2] != ' ')
		return false;
	while ((r = next_word(&line, end, &word)) == 1) {
		if (word.len > 0 && word.text[0] == '-' && !is_option_of_rule(&word))
			return false;
		if (name_follows && !is_name(&word))
			return false;
		name_follows = is_word(&word, "-m") || is_word(&word, "-j") || is_word(&word, "-g");
	}
	return r == 0;
}

/* Takes one line where it is that text. */
static bool skip_line(const char **at, const char *text)
{
	const size_t len = strlen(text);

	if (strncmp(*at, text, len) != 0 || (*at)[len] != '\n')
		return false;
	*at += len + 1;
	return true;
}

bool iptables_input_is_ours(const char *input)
{
	if (strlen(input) > IPTABLES_INPUT_MAX || !skip_line(&input, "*mangle") ||
	    !skip_line(&input, ":" FIREWALL_CHAIN " - [0:0]"))
		return false;
	while (!skip_line(&input, "COMMIT")) {
		const char *end = strchr(input, '\n');

		if (!end || !is_rule(input, end))
			return false;
		input = end + 1;
	}
	return *input == '\0';
}
