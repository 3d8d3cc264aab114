/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: ctl
 *
 * Any bytes as a stack of tunnels: as JSON where they begin with '{', else as words, one a line. It
 * is refused with a reason, or read; then its sum holds together and its inputs read the same. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/calc/calc_sum.h"

#define require(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "fuzz_calc: broken: %s\n", #condition); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_layer(const struct calc_sum_layer *layer)
{
	uint32_t left = layer->before;

	for (size_t i = 0; i < layer->steps.count; i++) {
		const struct overhead_step *step = &layer->steps.list[i];

		require(*step->what);
		require(layer->overhead.stream || step->left == left - step->bytes);
		left = step->left;
	}
	require(left == layer->overhead.inner_mtu);
	require(layer->overhead.stream || left <= layer->before);
}

static void check_sum(const struct calc_stack *stack)
{
	struct calc_error error;
	struct calc_sum *sum;
	int r = calc_sum_make(stack, &sum, &error);

	require(r == 0 || r == -EMSGSIZE);
	require((r == 0) == (error.message == NULL));
	for (size_t i = 0; r == 0 && i < sum->count; i++)
		check_layer(&sum->layers[i]);
	if (r == 0) {
		json_t *object = calc_sum_to_json(sum, stack);

		require(sum->count == stack->count && sum->inner_mtu > 0 && object);
		require(!sum->mss[FAMILY_IPV4] ||
			sum->mss[FAMILY_IPV4] + 40 == (int)sum->inner_mtu);
		require(!sum->mss[FAMILY_IPV6] ||
			sum->mss[FAMILY_IPV6] + 60 == (int)sum->inner_mtu);
		json_decref(object);
	}
	calc_sum_free(sum);
	calc_error_done(&error);
}

static void check_object(const json_t *object, bool again)
{
	struct calc_error error;
	struct calc_stack stack;
	int r = calc_stack_from_json(object, &stack, &error);

	require(r == 0 || (r == -EINVAL && error.message && !again));
	if (r == 0) {
		require(stack.path_mtu >= CALC_PATH_MIN && stack.path_mtu <= CALC_PATH_MAX);
		require(!again || json_equal(object, stack.inputs));
		check_sum(&stack);
		if (!again)
			check_object(stack.inputs, true);
	}
	calc_stack_done(&stack);
	calc_error_done(&error);
}

/* Cuts the text into lines, in place. */
static json_t *read_words(char *text)
{
	char *words[CALC_LAYERS_MAX], *line;
	struct calc_error error;
	json_t *object;
	size_t count = 0;

	while (count < CALC_LAYERS_MAX && (line = strsep(&text, "\n")))
		words[count++] = line;
	object = calc_stack_from_words(words, count, &error);
	require((object == NULL) == (error.message != NULL));
	calc_error_done(&error);
	return object;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	json_t *object;

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	object = size && *text == '{' ? json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL) :
					read_words(text);
	if (object)
		check_object(object, false);
	json_decref(object);
	free(text);
	return 0;
}
