/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/calc/calc_layer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/overhead/overhead_table.h"

/* Says what is wrong with a key: "layer 2 (wireguard): ifmtu ...". */
#define KEY_ERROR(layer, key, format, ...)                                                \
	calc_error_set((layer)->error, NULL, "layer %zu (%s): %s " format, (layer)->number, \
		       encap_kind_name((layer)->encap.kind), (key)->name, __VA_ARGS__)

static char *join(const char *before, const char *const *names)
{
	char *text = NULL;
	size_t len;
	FILE *memory = open_memstream(&text, &len);

	if (!memory)
		return NULL;
	fputs(before, memory);
	for (size_t i = 0; names[i]; i++)
		fprintf(memory, "%s%s", i ? ", " : "", names[i]);
	fclose(memory);
	return text;
}

static void list_kinds(const char *names[ENCAP_KIND_COUNT])
{
	for (size_t kind = ENCAP_NONE + 1; kind < ENCAP_KIND_COUNT; kind++)
		names[kind - 1] = encap_kind_name((enum encap_kind)kind);
	names[ENCAP_KIND_COUNT - 1] = NULL;
}

static void list_keys(enum encap_kind kind, const char *names[ENCAP_KEY_COUNT + 1])
{
	size_t count = 0;

	for (const struct overhead_use *use = overhead_row(kind)->uses; use->help; use++)
		names[count++] = overhead_key(use->key)->name;
	names[count] = NULL;
}

/* "wireguard, amneziawg, ...". Owned, or NULL. */
static char *name_kinds(void)
{
	const char *names[ENCAP_KIND_COUNT];

	list_kinds(names);
	return join("kinds: ", names);
}

/* The keys of a kind. Owned, or NULL. */
static char *name_keys(enum encap_kind kind)
{
	const char *names[ENCAP_KEY_COUNT + 1];
	char before[64];

	list_keys(kind, names);
	snprintf(before, sizeof(before), "%s knows%s", encap_kind_name(kind),
		 names[0] ? ": " : " no keys");
	return join(before, names);
}

/* The word of the list meant by text, as ", did you mean 'x'?", owned. */
static char *suggestion(const char *text, const char *const *names)
{
	const char *near = text_suggest(text, names);
	char *answer = NULL;

	if (!near)
		return strdup("");
	return asprintf(&answer, ", did you mean '%s'?", near) < 0 ? NULL : answer;
}

static int read_kind(struct calc_layer *layer, const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "type"));
	const char *names[ENCAP_KIND_COUNT];
	char *near;
	int r;

	if (!name)
		return calc_error_set(layer->error, name_kinds(),
				      "layer %zu has no type, which must be a text",
				      layer->number);
	layer->encap.kind = encap_kind_find(name);
	if (layer->encap.kind != ENCAP_NONE)
		return json_object_set_new(layer->input, "type", json_string(name)) < 0 ? -ENOMEM :
											  0;
	list_kinds(names);
	near = suggestion(name, names);
	r = calc_error_set(layer->error, name_kinds(), "layer %zu: unknown kind '%s'%s",
			   layer->number, name, near ? near : "");
	free(near);
	return r;
}

static int refuse_key(struct calc_layer *layer, const char *name)
{
	const char *names[ENCAP_KEY_COUNT + 1];
	char *near;
	int r;

	list_keys(layer->encap.kind, names);
	near = suggestion(name, names);
	r = calc_error_set(layer->error, name_keys(layer->encap.kind),
			   "layer %zu (%s): unknown key '%s'%s", layer->number,
			   encap_kind_name(layer->encap.kind), name, near ? near : "");
	free(near);
	return r;
}

static int read_flag(struct calc_layer *layer, const struct overhead_key *key, const json_t *value,
		     uint16_t *ret_value)
{
	if (json_is_boolean(value)) {
		*ret_value = json_is_true(value);
		return 0;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > key->max)
		return KEY_ERROR(layer, key, "must be %s", "true, false, 1 or 0");
	*ret_value = json_integer_value(value) != 0;
	return 0;
}

static int read_number(struct calc_layer *layer, const struct overhead_key *key,
		       const json_t *value, uint16_t *ret_value)
{
	const char *unit = key->type == OVERHEAD_BYTES ? " bytes" : "";
	const char *to = key == overhead_key(ENCAP_KEY_OUTER) ? "or" : "to";
	json_int_t number = json_integer_value(value);

	if (json_is_true(value) && key->bare)
		number = key->bare;
	else if (json_is_false(value) && key->min == 0)
		number = 0;
	else if (!json_is_integer(value))
		return KEY_ERROR(layer, key, "must be a whole number, %u %s %u%s", key->min, to,
				 key->max, unit);
	if (number < key->min || number > key->max || (key == overhead_key(ENCAP_KEY_OUTER) &&
						       number == 5))
		return KEY_ERROR(layer, key, "%lld is out of range: %u %s %u%s",
				 (long long)number, key->min, to, key->max, unit);
	*ret_value = (uint16_t)number;
	return 0;
}

static int read_word(struct calc_layer *layer, const struct overhead_key *key,
		     const struct overhead_use *use, const json_t *value, uint16_t *ret_value)
{
	const char *text = json_string_value(value);
	char *words;
	int r;

	for (size_t i = 0; text && use->words[i]; i++) {
		if (strcmp(use->words[i], text) == 0) {
			*ret_value = (uint16_t)i;
			return 0;
		}
	}
	words = join("", use->words);
	r = text ? KEY_ERROR(layer, key, "'%s' must be one of: %s", text, words ? words : "") :
		   KEY_ERROR(layer, key, "must be one of: %s", words ? words : "");
	free(words);
	return r;
}

static int read_name(struct calc_layer *layer, const struct overhead_key *key,
		     const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text)
		return KEY_ERROR(layer, key, "must be a %s", "name");
	if (key == overhead_key(ENCAP_KEY_CIPHER))
		layer->cipher = text;
	else
		layer->auth = text;
	return 0;
}

static int note(struct calc_layer *layer, const char *subject, const char *text)
{
	return json_array_append_new(layer->notes,
				     json_sprintf("%s: %s%s", encap_kind_name(layer->encap.kind),
						  subject, text)) < 0 ?
		       -ENOMEM :
		       0;
}

/* Notes a key that has a value and changes nothing. */
static int note_ignored(struct calc_layer *layer, const struct overhead_key *key, uint16_t number)
{
	const struct overhead_row *row = overhead_row(layer->encap.kind);

	if (key != overhead_key(ENCAP_KEY_OUTER))
		return number ? note(layer, key->name, " changes nothing") : 0;
	if (row->outer_fixed && number != row->outer_fixed)
		return note(layer, "", "its outer header is IPv6 in any case");
	return 0;
}

/* The value as inputs shows it: flags as such, whatever they were written as. */
static int keep_input(struct calc_layer *layer, const struct overhead_key *key,
		      const json_t *value, uint16_t number)
{
	json_t *copy = json_incref((json_t *)value);

	if (key->type == OVERHEAD_FLAG) {
		json_decref(copy);
		copy = json_boolean(number);
	} else if (key->type == OVERHEAD_BYTES || key->type == OVERHEAD_NUMBER) {
		json_decref(copy);
		copy = json_integer(number);
	}
	return json_object_set_new(layer->input, key->name, copy) < 0 ? -ENOMEM : 0;
}

static int read_key(struct calc_layer *layer, const char *name, const json_t *value)
{
	enum encap_key found = overhead_key_find(name);
	const struct overhead_row *row = overhead_row(layer->encap.kind);
	const struct overhead_use *use;
	const struct overhead_key *key;
	uint16_t number = 0;
	bool ignored;
	int r;

	if (found == ENCAP_KEY_COUNT)
		return refuse_key(layer, name);
	if (json_is_null(value))
		return 0;
	key = overhead_key(found);
	use = overhead_use(layer->encap.kind, found);
	ignored = row->ignored >> found & 1;
	if (!use && (!ignored || key->type == OVERHEAD_WORD))
		return refuse_key(layer, name);
	if (key->type == OVERHEAD_NAME)
		r = read_name(layer, key, value);
	else if (key->type == OVERHEAD_WORD && use)
		r = read_word(layer, key, use, value, &number);
	else if (key->type == OVERHEAD_FLAG)
		r = read_flag(layer, key, value, &number);
	else
		r = read_number(layer, key, value, &number);
	if (r < 0)
		return r;
	if (key->type != OVERHEAD_NAME)
		encap_set(&layer->encap, found, number);
	if (ignored)
		r = note_ignored(layer, key, number);
	return r < 0 ? r : keep_input(layer, key, value, number);
}

/* What was written out in bytes stays; an algorithm fills what is open. OpenVPN's auth, SHA1 unless
 * told, adds nothing where it isn't given, as any other key of a stack. */
static int set_algorithms(struct calc_layer *layer)
{
	const struct encap given = layer->encap;
	struct encap *encap = &layer->encap;
	struct encap probe = given;
	bool openvpn = encap->kind == ENCAP_OPENVPN;
	const char *cipher = layer->cipher, *auth = layer->auth;

	if (auth && (openvpn ? encap_set_openvpn_auth(&probe, auth) :
			       encap_set_esp_auth(&probe, auth)) < 0)
		return KEY_ERROR(layer, overhead_key(ENCAP_KEY_AUTH), "'%s': %s", auth,
				 "no such digest is known");
	if (cipher && (openvpn ? encap_set_openvpn_cipher(&probe, cipher, auth ? auth : "none") :
				 encap_set_esp_cipher(&probe, cipher, auth)) < 0)
		return KEY_ERROR(layer, overhead_key(ENCAP_KEY_CIPHER), "'%s': %s", cipher,
				 "no such cipher is known");
	if (openvpn && cipher && encap_has(&given, ENCAP_KEY_MODE) &&
	    given.value[ENCAP_KEY_MODE] != probe.value[ENCAP_KEY_MODE])
		return KEY_ERROR(layer, overhead_key(ENCAP_KEY_MODE), "'%s' is not that of '%s'",
				 overhead_use(ENCAP_OPENVPN, ENCAP_KEY_MODE)
					 ->words[given.value[ENCAP_KEY_MODE]], cipher);
	*encap = probe;
	for (enum encap_key key = ENCAP_KEY_HMAC; key <= ENCAP_KEY_BLOCK; key++)
		if (encap_has(&given, key))
			encap_set(encap, key, given.value[key]);
	if (openvpn && cipher && !auth && !encap_has(&given, ENCAP_KEY_HMAC) &&
	    encap->value[ENCAP_KEY_MODE] != ENCAP_MODE_AEAD)
		return note(layer, "", "no HMAC is counted (auth: OpenVPN takes SHA1, 20, unless "
			    "told)");
	return 0;
}

int calc_layer_read(struct calc_layer *layer, const json_t *object)
{
	const char *name;
	json_t *value;
	int r;

	if (!json_is_object(object))
		return calc_error_set(layer->error, NULL,
				      "layer %zu must be an object: {\"type\":\"wireguard\"}",
				      layer->number);
	r = read_kind(layer, object);
	json_object_foreach((json_t *)object, name, value)
		if (r == 0 && strcmp(name, "type") != 0)
			r = read_key(layer, name, value);
	return r < 0 ? r : set_algorithms(layer);
}
