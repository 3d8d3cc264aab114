/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calc --table: the usual VPNs, reckoned rather than remembered. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "core/mss.h"
#include "ctl/calc/calc.h"
#include "ctl/calc/calc_sum.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "ctl/screen/table.h"

#define STACK_TEXT_MAX 128

/* A line for each outer IP version: $ in the stack stands for it; without $ there is one line, for
 * the version given. Layers are separated by blanks. */
static const struct recipe {
	const char *name;
	const char *stack;
	int outer; /* 4 or 6; 0: both */
} recipes[] = {
	{ "WireGuard, MTU 1420 as wg-quick sets", "wireguard:outer=$,ifmtu=1420", 0 },
	{ "WireGuard, MTU larger than fits", "wireguard:outer=$", 0 },
	{ "WireGuard over PPPoE", "pppoe wireguard:outer=$,ifmtu=1420", 0 },
	{ "OpenVPN UDP, AES-GCM or ChaCha20", "openvpn:outer=$", 0 },
	{ "OpenVPN UDP, AES-GCM, epoch keys", "openvpn:outer=$,epoch", 0 },
	{ "OpenVPN UDP, AES-CBC, SHA1", "openvpn:outer=$,cipher=AES-256-CBC,auth=SHA1", 0 },
	{ "OpenVPN UDP, AES-CBC, SHA256", "openvpn:outer=$,cipher=AES-256-CBC,auth=SHA256", 0 },
	{ "OpenVPN UDP, AES-CBC, SHA512", "openvpn:outer=$,cipher=AES-256-CBC,auth=SHA512", 0 },
	{ "OpenVPN UDP, AES-GCM, tap", "openvpn:outer=$,tap", 0 },
	{ "OpenVPN DCO", "openvpn:outer=$,dco", 0 },
	{ "OpenVPN TCP, AES-GCM", "openvpn:outer=$,proto=tcp", 0 },
	{ "IPsec, AES-GCM-16 or ChaCha20", "esp:outer=$,cipher=AES-GCM-16", 0 },
	{ "IPsec, AES-GCM-16, NAT-T", "esp:outer=$,cipher=AES-GCM-16,encap=udp", 0 },
	{ "IPsec, AES-CBC, SHA1-96", "esp:outer=$,cipher=AES-CBC,auth=SHA1-96", 0 },
	{ "IPsec, AES-CBC, SHA1-96, NAT-T",
	  "esp:outer=$,cipher=AES-CBC,auth=SHA1-96,encap=udp", 0 },
	{ "IPsec, AES-CBC, SHA256-128", "esp:outer=$,cipher=AES-CBC,auth=SHA256-128", 0 },
	{ "IPsec, AES-CBC, SHA256-128, NAT-T",
	  "esp:outer=$,cipher=AES-CBC,auth=SHA256-128,encap=udp", 0 },
	{ "IPsec, AES-CBC, SHA512-256", "esp:outer=$,cipher=AES-CBC,auth=SHA512-256", 0 },
	{ "IPsec, AES-CBC, SHA512-256, NAT-T",
	  "esp:outer=$,cipher=AES-CBC,auth=SHA512-256,encap=udp", 0 },
	{ "L2TP/IPsec, AES-CBC, SHA1-96, NAT-T",
	  "esp:mode=transport,cipher=AES-CBC,auth=SHA1-96,encap=udp l2tp2:length,ppp=4", 4 },
	{ "GRE", "gre:outer=$", 0 },
	{ "GRE with key", "gre:outer=$,key", 0 },
	{ "GRE in IPsec transport, AES-GCM-16",
	  "esp:outer=$,mode=transport,cipher=AES-GCM-16 gre:outer=$", 0 },
	{ "IPv4 in IPv4", "ipip", 4 },
	{ "IPv6 in IPv4 (6in4, 6to4, 6rd)", "sit", 4 },
	{ "DS-Lite, MAP-E, ip6tnl", "ip6tnl", 6 },
	{ "ip6tnl with encapsulation limit", "ip6tnl:encap_limit", 6 },
	{ "464XLAT, MAP-T, NAT64", "translate46", 6 },
	{ "VXLAN", "vxlan:outer=$", 0 },
	{ "VXLAN over WireGuard", "wireguard:outer=$,ifmtu=1420 vxlan", 0 },
	{ "Geneve without options", "geneve:outer=$", 0 },
	{ "L2TPv2 as Linux reckons", "l2tp2_kernel", 4 },
	{ "PPTP, MPPE", "pptp:ack,ppp=4,mppe", 4 },
	{ "PPPoE", "pppoe", 0 },
	{ "MACsec", "macsec:sci,icv=16", 0 },
};

/* Writes the version for every $. */
static void fill_in(char text[STACK_TEXT_MAX], const char *stack, int outer)
{
	size_t len = 0;

	for (; *stack && len < STACK_TEXT_MAX - 1; stack++, len++) {
		text[len] = *stack;
		if (*stack == '$')
			text[len] = outer == 6 ? '6' : '4';
	}
	text[len] = '\0';
}

/* Splits at blanks, in place. */
static size_t split(char *text, char *words[CALC_LAYERS_MAX])
{
	size_t count = 0;
	char *word;

	while (count < CALC_LAYERS_MAX && (word = strsep(&text, " ")))
		words[count++] = word;
	return count;
}

static json_t *number_or_null(uint32_t number)
{
	return number ? json_integer(number) : json_null();
}

static json_t *row_to_json(const struct recipe *recipe, const char *stack, int outer,
			   const struct calc_sum *sum)
{
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:O}", "name", recipe->name, "outer",
			 number_or_null((uint32_t)outer), "stack", stack, "inner_mtu_bytes",
			 number_or_null(sum->inner_mtu), "mss4_bytes",
			 number_or_null((uint32_t)sum->mss[FAMILY_IPV4]), "mss6_bytes",
			 number_or_null((uint32_t)sum->mss[FAMILY_IPV6]), "assumes", sum->assumes);
}

/* Returns owned, or NULL. */
static json_t *make_row(const struct recipe *recipe, int outer, uint32_t path_mtu)
{
	char text[STACK_TEXT_MAX], copy[STACK_TEXT_MAX], *words[CALC_LAYERS_MAX];
	struct calc_stack stack = { 0 };
	struct calc_sum *sum = NULL;
	struct calc_error error = { 0 };
	json_t *object, *row = NULL;
	int r = -ENOMEM;

	fill_in(text, recipe->stack, outer);
	memcpy(copy, text, sizeof(copy));
	object = calc_stack_from_words(words, split(copy, words), &error);
	calc_error_done(&error);
	if (object)
		r = calc_stack_from_json(object, &stack, &error);
	calc_error_done(&error);
	stack.path_mtu = path_mtu;
	if (r == 0)
		r = calc_sum_make(&stack, &sum, &error);
	calc_error_done(&error);
	if (sum && (r == 0 || r == -EMSGSIZE))
		row = row_to_json(recipe, text, outer, sum);
	calc_sum_free(sum);
	calc_stack_done(&stack);
	json_decref(object);
	return row;
}

json_t *calc_table_make(uint32_t path_mtu)
{
	json_t *rows = json_array();
	int r = rows ? 0 : -1;

	for (size_t i = 0; i < COUNT(recipes) && r == 0; i++) {
		const struct recipe *recipe = &recipes[i];

		if (!recipe->outer && !strchr(recipe->stack, '$')) {
			r = json_array_append_new(rows, make_row(recipe, 0, path_mtu));
			continue;
		}
		for (int outer = 4; outer <= 6 && r == 0; outer += 2)
			if (!recipe->outer || recipe->outer == outer)
				r = json_array_append_new(rows, make_row(recipe, outer, path_mtu));
	}
	if (r < 0) {
		json_decref(rows);
		return NULL;
	}
	return json_pack("{s:i, s:i, s:o}", "schema", CTL_SCHEMA, "path_mtu_bytes", (int)path_mtu,
			 "rows", rows);
}

static void add_row(struct table *table, const json_t *row, const json_t *before)
{
	const char *name = field_string(row, "name", "-");
	const json_t *outer = json_object_get(row, "outer");
	char version[8] = "";

	if (json_is_integer(outer))
		snprintf(version, sizeof(version), "IPv%d", (int)json_integer_value(outer));
	table_add(table, before && field_is(before, "name", name) ? "" : name);
	table_add(table, version);
	table_add(table, format_field_bytes(row, "inner_mtu_bytes").s);
	table_add(table, format_field_bytes(row, "mss4_bytes").s);
	table_add(table, format_field_bytes(row, "mss6_bytes").s);
	table_add(table, field_string(row, "stack", "-"));
}

static int print_table(const struct ctl *ctl, const json_t *object)
{
	static const struct table_column columns[] = {
		{ "VPN", false, 0 },	  { "OUTSIDE", false, 0 },  { "MTU INSIDE", true, 0 },
		{ "MSS IPv4", true, 0 },  { "MSS IPv6", true, 0 },  { "CALC", false, 1 },
	};
	const json_t *rows = json_object_get(object, "rows");
	struct table table;
	int r;

	table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < json_array_size(rows); i++)
		add_row(&table, json_array_get(rows, i), i ? json_array_get(rows, i - 1) : NULL);
	r = table_print(&table, stdout, ctl->width, output_paint(ctl, PAINT_BOLD),
			output_paint(ctl, PAINT_END));
	table_done(&table);
	printf("\nPath MTU %d (--path N): the largest IP packet outside. MSS = MTU inside - 40 "
	       "(IPv4) or - 60\n(IPv6), options not counted (RFC 9293 section 3.7.1). \"-\": not "
	       "carried. mssclampctl calc LAYER...\nshows each sum and what it assumes; "
	       "calc --table --json has the layers of each row.\n",
	       (int)json_integer_value(json_object_get(object, "path_mtu_bytes")));
	return r;
}

int calc_table(const struct ctl *ctl, uint32_t path_mtu)
{
	json_t *object = calc_table_make(path_mtu);
	int r = object ? 0 : -1;

	if (object && ctl->json)
		output_json(ctl, object);
	else if (object)
		r = print_table(ctl, object);
	json_decref(object);
	return r < 0 ? output_fail(ctl, CTL_FAILED, NULL, "out of memory") : CTL_OK;
}
