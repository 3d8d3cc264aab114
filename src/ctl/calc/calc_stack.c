/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/calc/calc_stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/calc/calc_layer.h"
#include "policy/overhead/overhead_table.h"

void calc_stack_done(struct calc_stack *stack)
{
	json_decref(stack->inputs);
	json_decref(stack->notes);
	stack->inputs = stack->notes = NULL;
}

static int read_path(const json_t *value, struct calc_stack *stack, struct calc_error *error)
{
	json_int_t path = json_integer_value(value);

	stack->path_mtu = CALC_PATH_DEFAULT;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_integer(value))
		return calc_error_set(error, NULL, "path_mtu must be a whole number of bytes");
	if (path < CALC_PATH_MIN || path > CALC_PATH_MAX)
		return calc_error_set(error, NULL,
				      "path_mtu %lld is out of range: %d to %d bytes",
				      (long long)path, CALC_PATH_MIN, CALC_PATH_MAX);
	stack->path_mtu = (uint32_t)path;
	return 0;
}

static int read_layers(const json_t *layers, struct calc_stack *stack, json_t *inputs,
		       struct calc_error *error)
{
	size_t count = json_array_size(layers);

	if (!json_is_array(layers))
		return calc_error_set(error, NULL, "layers must be a list of objects");
	if (count > CALC_LAYERS_MAX)
		return calc_error_set(error, NULL, "%zu layers are too many: at most %d", count,
				      CALC_LAYERS_MAX);
	for (size_t i = 0; i < count; i++) {
		json_t *input = json_object();
		struct calc_layer layer = { .number = i + 1, .input = input, .notes = stack->notes,
					    .error = error };
		int r = json_array_append_new(inputs, input) < 0 ? -ENOMEM : 0;

		if (r == 0)
			r = calc_layer_read(&layer, json_array_get(layers, i));
		if (r < 0)
			return r;
		stack->layers[stack->count++] = layer.encap;
	}
	return 0;
}

int calc_stack_from_json(const json_t *object, struct calc_stack *ret, struct calc_error *error)
{
	json_t *inputs = json_array();
	const char *name;
	json_t *value;
	int r;

	*ret = (struct calc_stack){ .notes = json_array() };
	*error = (struct calc_error){ 0 };
	if (!inputs || !ret->notes) {
		json_decref(inputs);
		return -ENOMEM;
	}
	r = json_is_object(object) ? 0 :
				     calc_error_set(error, NULL, "a stack must be an object: "
						    "{\"path_mtu\":1500,\"layers\":[...]}");
	json_object_foreach((json_t *)object, name, value)
		if (r == 0 && strcmp(name, "path_mtu") != 0 && strcmp(name, "layers") != 0)
			r = calc_error_set(error, strdup("a stack knows: path_mtu, layers"),
					   "unknown key '%s' beside the layers", name);
	if (r == 0)
		r = read_path(json_object_get(object, "path_mtu"), ret, error);
	if (r == 0)
		r = read_layers(json_object_get(object, "layers"), ret, inputs, error);
	if (r == 0) {
		ret->inputs = json_pack("{s:i, s:O}", "path_mtu", (int)ret->path_mtu, "layers",
					inputs);
		r = ret->inputs ? 0 : -ENOMEM;
	}
	json_decref(inputs);
	return r;
}

/* The value behind '=' as the type it looks like; algorithms and words stay text. */
static json_t *value_from_text(const char *key, const char *text)
{
	enum encap_key found = overhead_key_find(key);
	bool text_only = found != ENCAP_KEY_COUNT && (overhead_key(found)->type == OVERHEAD_NAME ||
						      overhead_key(found)->type == OVERHEAD_WORD);
	uint64_t number;

	if (!text)
		return json_true();
	if (!text_only && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
		return json_boolean(text[0] == 't');
	if (!text_only && text_parse_u64(text, 0, INT64_MAX, &number) == 0)
		return json_integer((json_int_t)number);
	return json_string(text);
}

/* Sets "key=value" or "key" in the layer. */
static int read_pair(json_t *layer, size_t number, char *pair, struct calc_error *error)
{
	char *value = strchr(pair, '=');

	if (value)
		*value++ = '\0';
	if (!*pair || (value && !*value))
		return calc_error_set(error, strdup("a layer is kind[:key=value,...]"),
				      "layer %zu: %s", number,
				      *pair ? "a key has no value behind '='" :
					      "a key has no name");
	if (json_object_get(layer, pair) || strcmp(pair, "type") == 0)
		return calc_error_set(error, NULL, "layer %zu: '%s' stands there twice", number,
				      pair);
	if (json_object_set_new(layer, pair, value_from_text(pair, value)) < 0)
		return calc_error_set(error, NULL, "layer %zu: '%s' is no UTF-8 text", number,
				      value ? value : pair);
	return 0;
}

static int read_word(json_t *layers, size_t number, const char *word, struct calc_error *error)
{
	char *copy = strdup(word), *pairs = copy ? strchr(copy, ':') : NULL, *pair;
	json_t *layer = json_object();
	int r = copy && layer ? 0 : -ENOMEM;

	if (pairs)
		*pairs++ = '\0';
	if (r == 0 && json_object_set_new(layer, "type", json_string(copy)) < 0)
		r = calc_error_set(error, NULL, "layer %zu: its kind is no UTF-8 text", number);
	while (r == 0 && pairs && (pair = strsep(&pairs, ",")))
		r = read_pair(layer, number, pair, error);
	if (r == 0)
		r = json_array_append(layers, layer) < 0 ? -ENOMEM : 0;
	json_decref(layer);
	free(copy);
	return r;
}

json_t *calc_stack_from_words(char *const *words, size_t count, struct calc_error *error)
{
	json_t *layers = json_array(), *object = NULL;
	int r = layers ? 0 : -ENOMEM;

	*error = (struct calc_error){ 0 };
	for (size_t i = 0; i < count && r == 0; i++)
		r = read_word(layers, i + 1, words[i], error);
	if (r == 0)
		object = json_pack("{s:O}", "layers", layers);
	json_decref(layers);
	return object;
}
