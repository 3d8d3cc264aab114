/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "core/mss.h"
#include "daemon/config/overrides.h"

#define MTU_DEFAULT_IPV4 (MSS_DEFAULT_IPV4 + MSS_HEADERS_IPV4) /* RFC 9293 section 3.7.1: 576 */
#define MTU_DEFAULT_IPV6 (MSS_DEFAULT_IPV6 + MSS_HEADERS_IPV6) /* RFC 8200 section 5: 1280 */

static bool has(const struct config_entry *entry, size_t key)
{
	return entry->keys[key] != NULL;
}

static uint64_t number(const struct config_entry *entry, size_t key)
{
	return entry->values[key].number;
}

/* ignore = false is as good as no ignore, but cannot stand alone. */
static bool check_action(struct config_build *build, const struct config_entry *entry)
{
	bool ignore = has(entry, RULE_KEY_IGNORE) && number(entry, RULE_KEY_IGNORE);
	int actions = has(entry, RULE_KEY_MSS) + has(entry, RULE_KEY_MTU) + ignore;

	if (actions == 1)
		return true;
	if (actions > 1)
		config_build_note(build, CONFIG_ERROR, entry->setting, entry->path,
				  "has more than one of mss, mtu and ignore, must have one");
	else if (has(entry, RULE_KEY_IGNORE))
		config_build_note(build, CONFIG_ERROR, entry->setting, entry->path,
				  "has ignore = false and nothing else to do, "
				  "one of mss, mtu and ignore = true is needed");
	else
		config_build_note(build, CONFIG_ERROR, entry->setting, entry->path,
				  "has nothing to do, one of mss, mtu and ignore = true is needed");
	return false;
}

static bool check_family(struct config_build *build, const struct config_entry *entry)
{
	enum family family = (enum family)number(entry, RULE_KEY_FAMILY);
	enum family prefix = entry->values[RULE_KEY_PREFIX].prefix.address.family;

	if (!has(entry, RULE_KEY_FAMILY) || !has(entry, RULE_KEY_PREFIX) || family == prefix)
		return true;
	config_build_note(build, CONFIG_ERROR, entry->keys[RULE_KEY_PREFIX], entry->path,
			  "prefix is %s and family is \"%s\": the rule could never match, "
			  "remove one of the two", prefix == FAMILY_IPV6 ? "IPv6" : "IPv4",
			  entry->values[RULE_KEY_FAMILY].text);
	return false;
}

/* Whether the rule can only match IPv6. */
static bool is_ipv6(const struct config_entry *entry)
{
	if (has(entry, RULE_KEY_PREFIX))
		return entry->values[RULE_KEY_PREFIX].prefix.address.family == FAMILY_IPV6;
	return has(entry, RULE_KEY_FAMILY) && number(entry, RULE_KEY_FAMILY) == FAMILY_IPV6;
}

static void warn_small(struct config_build *build, const struct config_entry *entry, size_t key,
		       uint64_t least4, uint64_t least6)
{
	bool ipv6 = is_ipv6(entry);
	uint64_t least = ipv6 ? least6 : least4;
	char path[CONFIG_PATH_TEXT_MAX];

	if (!has(entry, key) || number(entry, key) >= least)
		return;
	snprintf(path, sizeof(path), "%.40s.%s", entry->path, entry->list->keys[key].path);
	config_build_note(build, CONFIG_WARNING, entry->keys[key], path,
			  "%" PRIu64 " is below %" PRIu64 " bytes, which every %s path carries: "
			  "connections get slow for no gain", number(entry, key), least,
			  ipv6 ? "IPv6" : "IPv4");
}

/* A plain name longer than any interface's can never match; a glob may be as long as it likes. */
static void warn_long_name(struct config_build *build, const struct config_entry *entry)
{
	const char *name = entry->values[RULE_KEY_INTERFACE].text;

	if (has(entry, RULE_KEY_INTERFACE) && strlen(name) >= IF_NAMESIZE && !strpbrk(name, "*?["))
		config_build_note(build, CONFIG_WARNING, entry->keys[RULE_KEY_INTERFACE],
				  entry->path,
				  "interface is longer than %d bytes: no interface has such a name",
				  IF_NAMESIZE - 1);
}

/* "rules[1] (interface=wan6 mss=1360)"; owned, or NULL. */
static char *rule_text(const struct config_entry *entry, size_t place)
{
	const char *blank = "";
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fprintf(out, "rules[%zu] (", place);
	for (size_t i = 0; i < entry->list->key_count; i++) {
		const json_t *json = entry->values[i].json;

		if (!has(entry, i) || json_is_false(json))
			continue;
		fprintf(out, "%s%s", blank, entry->list->keys[i].path);
		if (json_is_string(json))
			fprintf(out, "=%s", json_string_value(json));
		else if (json_is_integer(json))
			fprintf(out, "=%" JSON_INTEGER_FORMAT, json_integer_value(json));
		blank = " ";
	}
	fputc(')', out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int copy_text(const struct config_entry *entry, size_t key, char **ret_copy)
{
	if (!has(entry, key))
		return 0;
	*ret_copy = strdup(entry->values[key].text);
	return *ret_copy ? 0 : -ENOMEM;
}

static void fill_action(const struct config_entry *entry, struct rule *rule)
{
	if (has(entry, RULE_KEY_MSS)) {
		rule->action = RULE_MSS;
		rule->value = (uint32_t)number(entry, RULE_KEY_MSS);
	} else if (has(entry, RULE_KEY_MTU)) {
		rule->action = RULE_MTU;
		rule->value = (uint32_t)number(entry, RULE_KEY_MTU);
	} else {
		rule->action = RULE_IGNORE;
	}
}

/* On failure the rule has to be freed all the same. */
static int fill_rule(const struct config_entry *entry, size_t place, struct rule *rule)
{
	*rule = (struct rule){
		.has_prefix = has(entry, RULE_KEY_PREFIX),
		.prefix = entry->values[RULE_KEY_PREFIX].prefix,
		.has_mark = has(entry, RULE_KEY_MARK),
		.mark_value = (uint32_t)number(entry, RULE_KEY_MARK),
		.mark_mask = entry->values[RULE_KEY_MARK].mask,
		.has_family = has(entry, RULE_KEY_FAMILY),
		.family = (enum family)number(entry, RULE_KEY_FAMILY),
		.text = rule_text(entry, place),
	};
	fill_action(entry, rule);
	if (!rule->text || copy_text(entry, RULE_KEY_INTERFACE, &rule->interface) < 0 ||
	    copy_text(entry, RULE_KEY_PEER, &rule->peer) < 0)
		return -ENOMEM;
	return 0;
}

bool config_entry_add_rule(struct config_build *build, const struct config_entry *entry)
{
	struct rules *rules = build->config->rules;
	bool action = check_action(build, entry);
	struct rule *grown;

	if (!check_family(build, entry) || !action)
		return false;
	warn_small(build, entry, RULE_KEY_MSS, MSS_DEFAULT_IPV4, MSS_DEFAULT_IPV6);
	warn_small(build, entry, RULE_KEY_MTU, MTU_DEFAULT_IPV4, MTU_DEFAULT_IPV6);
	warn_long_name(build, entry);
	grown = reallocarray(rules->list, rules->count + 1, sizeof(*grown));
	if (!grown) {
		build->failed = -ENOMEM;
		return false;
	}
	rules->list = grown;
	if (fill_rule(entry, rules->count, &grown[rules->count]) < 0) {
		rule_done(&grown[rules->count]);
		build->failed = -ENOMEM;
		return false;
	}
	rules->count++;
	return true;
}

/* Whether there is a choice of ciphers and digests; without a kind there may be. */
static bool has_ciphers(const char *kind)
{
	enum encap_kind found = kind ? encap_kind_find(kind) : ENCAP_OPENVPN;

	return found == ENCAP_OPENVPN || found == ENCAP_ESP || found == ENCAP_AH;
}

/* Whether the words for cipher and digest are known to the kind of tunnel. */
static bool check_cipher(struct config_build *build, const struct config_entry *entry)
{
	const char *kind = entry->values[TUNNEL_KEY_KIND].text;
	const char *cipher = entry->values[TUNNEL_KEY_CIPHER].text;
	const char *auth = entry->values[TUNNEL_KEY_AUTH].text;
	bool auth_alone = !cipher;
	struct tunnel_override override;
	char path[CONFIG_PATH_TEXT_MAX];
	size_t key;

	if (overrides_parse_encap(kind, cipher, auth, &override) == 0)
		return true;
	if (cipher && overrides_parse_encap(kind, cipher, NULL, &override) == 0)
		auth_alone = true;
	key = auth_alone ? TUNNEL_KEY_AUTH : TUNNEL_KEY_CIPHER;
	snprintf(path, sizeof(path), "%.40s.%s", entry->path, entry->list->keys[key].path);
	if (!has_ciphers(kind)) {
		config_build_note(build, CONFIG_ERROR, entry->keys[key], path,
				  "%s has no such setting, openvpn, esp and ah have: remove it",
				  kind);
		return false;
	}
	config_build_note(build, CONFIG_ERROR, entry->keys[key], path,
			  "%s%s%s is no cipher%s of %s; such as cipher = \"AES-256-GCM\" of "
			  "openvpn, cipher = \"AES-CBC\" and auth = \"SHA256-128\" of esp",
			  cipher ? cipher : "", cipher && auth ? " with " : "", auth ? auth : "",
			  auth ? " or digest" : "", kind ? kind : "openvpn or esp");
	return false;
}

bool config_entry_add_tunnel(struct config_build *build, const struct config_entry *entry)
{
	struct config *config = build->config;
	struct config_tunnel *grown;

	if (!has(entry, TUNNEL_KEY_MATCH)) {
		config_build_note(build, CONFIG_ERROR, entry->setting, entry->path,
				  "match is needed: the interface (a name or glob) or ipsec:NAME");
		return false;
	}
	if (!check_cipher(build, entry))
		return false;
	grown = reallocarray(config->tunnels, config->tunnel_count + 1, sizeof(*grown));
	if (!grown) {
		build->failed = -ENOMEM;
		return false;
	}
	config->tunnels = grown;
	grown[config->tunnel_count] = (struct config_tunnel){ 0 };
	config->tunnel_count++;
	for (size_t i = 0; i < entry->list->key_count; i++) {
		if (has(entry, i) && config_value_store(&entry->list->keys[i], &entry->values[i],
							&grown[config->tunnel_count - 1]) < 0)
			build->failed = -ENOMEM;
	}
	return true;
}
