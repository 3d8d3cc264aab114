/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From libnftables' JSON (libnftables-json(5)) to lines. Versions write one rule in several ways: a
 * rule that means what one of ours means gets the text that ours would have. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/firewall/firewall_backend.h"
#include "edge/firewall/per_source.h"

struct queue_target {
	json_int_t first, last;
	bool bypass, fanout;
};

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static uint32_t number_of(const json_t *object, const char *key)
{
	return (uint32_t)json_integer_value(json_object_get(object, key));
}

static const struct firewall_hook_name *hook_named(const char *name)
{
	for (size_t i = 0; i < FIREWALL_HOOKS; i++)
		if (strcmp(firewall_hooks[i].nft, name) == 0)
			return &firewall_hooks[i];
	return NULL;
}

/* TCP flags as the bits of RFC 9293: a name, a number, or several by "|", nested or as a list.
 * Returns 0x100, which no flag has, for anything else. */
static unsigned int tcp_flags_of(const json_t *value)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} flags[] = { { "fin", 0x01 }, { "syn", 0x02 }, { "rst", 0x04 }, { "psh", 0x08 },
		      { "ack", 0x10 }, { "urg", 0x20 }, { "ecn", 0x40 }, { "cwr", 0x80 } };
	const char *name = json_string_value(value);
	unsigned int bits = 0;
	const json_t *element;
	size_t i;

	if (json_is_object(value) && json_object_size(value) == 1)
		value = json_object_get(value, "|");
	if (json_is_integer(value) && json_integer_value(value) >= 0 &&
	    json_integer_value(value) <= 0xff)
		return (unsigned int)json_integer_value(value);
	for (i = 0; name && i < COUNT(flags); i++)
		if (strcmp(name, flags[i].name) == 0)
			return flags[i].bit;
	if (!json_is_array(value))
		return 0x100;
	json_array_foreach(value, i, element)
		bits |= tcp_flags_of(element);
	return bits;
}

/* tcp flags & MASK == VALUE */
static bool is_flags_match(const json_t *expr, unsigned int mask, unsigned int value)
{
	const json_t *match = json_object_get(expr, "match");
	const json_t *sides = json_object_get(json_object_get(match, "left"), "&");
	const json_t *payload = json_object_get(json_array_get(sides, 0), "payload");

	return strcmp(string_of(match, "op"), "==") == 0 && json_array_size(sides) == 2 &&
	       strcmp(string_of(payload, "protocol"), "tcp") == 0 &&
	       strcmp(string_of(payload, "field"), "flags") == 0 &&
	       tcp_flags_of(json_array_get(sides, 1)) == mask &&
	       tcp_flags_of(json_object_get(match, "right")) == value;
}

static bool read_queue_flag(const json_t *flag, struct queue_target *target)
{
	const char *name = json_string_value(flag);

	if (name && strcmp(name, "bypass") == 0)
		target->bypass = true;
	else if (name && strcmp(name, "fanout") == 0)
		target->fanout = true;
	else
		return false;
	return true;
}

static bool read_queue(const json_t *expr, struct queue_target *target)
{
	const json_t *queue = json_object_get(expr, "queue");
	const json_t *num = json_object_get(queue, "num");
	const json_t *range = json_object_get(num, "range");
	const json_t *flags = json_object_get(queue, "flags");
	const json_t *first = range ? json_array_get(range, 0) : num;
	const json_t *last = range ? json_array_get(range, 1) : num;
	const json_t *flag;
	size_t i;

	if (!json_is_integer(first) || !json_is_integer(last))
		return false;
	target->first = json_integer_value(first);
	target->last = json_integer_value(last);
	if (json_is_string(flags))
		return read_queue_flag(flags, target);
	json_array_foreach(flags, i, flag)
		if (!read_queue_flag(flag, target))
			return false;
	return true;
}

/* Behind the line that begins a chain: "\tchain forward { # handle 1". NULL where it is not. */
static const char *find_chain(const char *plain, const char *chain)
{
	char head[64];
	const char *line;

	snprintf(head, sizeof(head), "\n\tchain %s {", chain);
	line = strstr(plain, head);
	return line ? strchr(line + strlen(head), '\n') : NULL;
}

/* The rule as libnftables writes it in text, found by its handle: "\t\t<rule> # handle 7". Tables
 * have handles too, of a count of their own, so the search begins behind the chain's head. */
static int add_alien(const char *chain, json_int_t handle, const char *plain,
		     const struct firewall_line *model, struct firewall_lines *live)
{
	char mark[48];
	const char *rules = plain ? find_chain(plain, chain) : NULL;
	const char *end, *start;

	snprintf(mark, sizeof(mark), " # handle %lld\n", (long long)handle);
	end = rules ? strstr(rules, mark) : NULL;
	for (start = end; start && start > rules && start[-1] != '\n' && start[-1] != '\t';)
		start--;
	if (!end)
		return firewall_lines_add(live, model, "add rule inet " NFT_TABLE
					  " %s # handle %lld", chain, (long long)handle);
	return firewall_lines_add(live, model, "add rule inet " NFT_TABLE " %s %.*s", chain,
				  (int)(end - start), start);
}

/* The row whose sets have such names, NULL for none. The kernel takes any byte in a name, and ours
 * go into commands: "from4_50" and nothing else. */
static const struct per_source_row *row_named(const char *name)
{
	for (size_t i = 0; i < PER_SOURCE_ROWS; i++) {
		size_t len = strlen(per_source_rows[i].name);

		if (strncmp(name, per_source_rows[i].name, len) != 0 || name[len] != '_')
			continue;
		name += len + 1;
		return *name && !name[strspn(name, "0123456789")] ? &per_source_rows[i] : NULL;
	}
	return NULL;
}

static bool is_key_of(const json_t *elem, const struct per_source_row *row)
{
	const json_t *sides = json_object_get(elem, "&");
	const char *mask = json_string_value(json_array_get(sides, 1));
	const json_t *payload = json_object_get(sides ? json_array_get(sides, 0) : elem, "payload");

	return strcmp(mask ? mask : "", row->mask ? row->mask : "") == 0 &&
	       strcmp(string_of(payload, "protocol"), row->protocol) == 0 &&
	       strcmp(string_of(payload, "field"), row->field) == 0;
}

/* { key limit rate over N/second burst M packets }: the limit, NULL for anything else. */
static const json_t *limit_of(const json_t *update, const struct per_source_row *row)
{
	const json_t *statements = json_object_get(update, "stmt");
	const json_t *limit = json_object_get(json_array_get(statements, 0), "limit");

	if (strcmp(string_of(update, "op"), "update") != 0 || json_array_size(statements) != 1 ||
	    !is_key_of(json_object_get(update, "elem"), row) ||
	    strcmp(string_of(limit, "per"), "second") != 0 ||
	    !json_is_true(json_object_get(limit, "inv")) || json_object_get(limit, "rate_unit"))
		return NULL;
	return limit;
}

/* Whether a rule is one of the limit per source; then its text, with the numbers it has. */
static bool read_limit(const json_t *expr, uint64_t *ret_packets,
		       char ret_text[PER_SOURCE_TEXT_MAX])
{
	const json_t *update = json_object_get(json_array_get(expr, 1), "set");
	const json_t *counter = json_object_get(json_array_get(expr, 2), "counter");
	const char *name = string_of(update, "set");
	const struct per_source_row *row = *name == '@' ? row_named(++name) : NULL;
	const json_t *limit = row ? limit_of(update, row) : NULL;

	if (!limit || !counter || json_array_size(expr) != 4 ||
	    !json_object_get(json_array_get(expr, 3), "accept") ||
	    !is_flags_match(json_array_get(expr, 0), 0x17, row->flag_bits))
		return false;
	per_source_nft_rule(row, name, number_of(limit, "rate"), number_of(limit, "burst"),
			    ret_text);
	*ret_packets = (uint64_t)json_integer_value(json_object_get(counter, "packets"));
	return true;
}

static int parse_rule(const json_t *rule, const char *plain, struct firewall_lines *live,
		      size_t *alien)
{
	const char *chain = string_of(rule, "chain");
	const struct firewall_hook_name *hook = hook_named(chain);
	const json_t *expr = json_object_get(rule, "expr");
	const json_t *counter = json_object_get(json_array_get(expr, 1), "counter");
	struct firewall_line line = { .kind = FIREWALL_IS_RULE };
	struct queue_target target = { 0 };
	char range[48], limit[PER_SOURCE_TEXT_MAX];

	if (!hook)
		return 0;
	line.hook = hook->hook;
	if (read_limit(expr, &line.packets, limit)) {
		line.over_limit = true;
		return firewall_lines_add(live, &line, "add rule inet " NFT_TABLE " %s %s", chain,
					  limit);
	}
	if (json_array_size(expr) != 3 || !counter ||
	    !is_flags_match(json_array_get(expr, 0), 0x07, 0x02) ||
	    !read_queue(json_array_get(expr, 2), &target)) {
		++*alien;
		return add_alien(chain, json_integer_value(json_object_get(rule, "handle")), plain,
				 &line, live);
	}
	line.packets = (uint64_t)json_integer_value(json_object_get(counter, "packets"));
	if (target.first == target.last)
		snprintf(range, sizeof(range), "%lld", (long long)target.first);
	else
		snprintf(range, sizeof(range), "%lld-%lld", (long long)target.first,
			 (long long)target.last);
	return firewall_lines_add(live, &line, "add rule inet " NFT_TABLE " %s tcp flags & "
				  "(fin|syn|rst) == syn counter queue %s%s%s%sto %s", chain,
				  target.bypass || target.fanout ? "flags " : "",
				  target.bypass ? "bypass" : "",
				  target.bypass && target.fanout ? ",fanout" :
				  target.fanout ? "fanout" : "",
				  target.bypass || target.fanout ? " " : "", range);
}

static int parse_chain(const json_t *chain, struct firewall_lines *live)
{
	const char *name = string_of(chain, "name");
	const struct firewall_hook_name *hook = hook_named(name);
	struct firewall_line line = { .kind = FIREWALL_IS_CHAIN };

	if (!hook)
		return 0;
	line.hook = hook->hook;
	if (!json_object_get(chain, "hook"))
		return firewall_lines_add(live, &line, "add chain inet " NFT_TABLE " %s",
					  name);
	return firewall_lines_add(live, &line, "add chain inet " NFT_TABLE " %s { type %s "
				  "hook %s priority %lld; policy %s; }", name,
				  string_of(chain, "type"), string_of(chain, "hook"),
				  (long long)json_integer_value(json_object_get(chain, "prio")),
				  string_of(chain, "policy"));
}

/* Flags are not compared: libnftables 1.0.6 leaves dynamic out, and without it no rule could use
 * the set. */
static int parse_set(const json_t *set, struct firewall_lines *live)
{
	static const struct firewall_line line = { .kind = FIREWALL_IS_SET };
	const char *name = string_of(set, "name");
	char text[PER_SOURCE_TEXT_MAX];

	if (!row_named(name))
		return 0;
	per_source_nft_set(name, string_of(set, "type"), number_of(set, "size"),
			   number_of(set, "timeout"), text);
	return firewall_lines_add(live, &line, "add %s", text);
}

/* The only flag that another program can set is dormant. libnftables 1.0.6 writes that there are
 * flags, but not their names (a wrong pointer), so that is all that is taken. */
static int parse_table(const json_t *table, struct firewall_lines *live)
{
	static const struct firewall_line line = { .kind = FIREWALL_IS_TABLE };

	return firewall_lines_add(live, &line, "add table inet " NFT_TABLE "%s",
				  json_object_get(table, "flags") ? " { flags dormant; }" : "");
}

int firewall_nft_parse(const char *json, const char *plain, struct firewall_lines *live,
		       size_t *ret_alien)
{
	json_t *root = json_loads(json, 0, NULL);
	const json_t *list = json_object_get(root, "nftables");
	const json_t *entry, *object;
	size_t i, alien = 0;
	int r = json_is_array(list) ? 0 : -EBADMSG;

	json_array_foreach(list, i, entry) {
		if (r < 0)
			break;
		if ((object = json_object_get(entry, "table")))
			r = parse_table(object, live);
		else if ((object = json_object_get(entry, "set")))
			r = parse_set(object, live);
		else if ((object = json_object_get(entry, "chain")))
			r = parse_chain(object, live);
		else if ((object = json_object_get(entry, "rule")))
			r = parse_rule(object, plain, live, &alien);
	}
	json_decref(root);
	if (r == 0)
		*ret_alien = alien;
	return r;
}
