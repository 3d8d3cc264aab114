/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client of the control socket sends, cut into pieces in any way. layer: proto Whatever
 * comes, each message is answered with one object that survives the way back, and where the
 * stream is cut makes no difference. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/varlink.h"
#include "proto/varlink_idl.h"

#define MESSAGE_MAX 1024 /* small enough that the limit is met */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct varlink_interface interface = {
	"org.mssclamp",
	"interface org.mssclamp\n"
	"type Point (x: int, y: ?float)\n"
	"method GetStatus() -> (state: (running, degraded))\n"
	"method Explain(flow: string, iif: ?string, mark: ?int) -> ()\n"
	"method Try(at: Point, all: []Point, named: [string]bool, one: (a, b), set: [string](),\n"
	"           any: ?object) -> ()\n",
};
static const struct varlink_service service = { "v", "p", "1", "u", &interface, 1 };

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

/* A message goes out and comes in again as it was. */
static void send_back(struct varlink_output *output, const json_t *message)
{
	size_t before = output->len;
	char why[VARLINK_WHY_MAX];
	struct varlink_input input;
	json_t *again = NULL;

	require(varlink_output_add(output, message) == 0, "an answer can be written");
	varlink_input_init(&input, SIZE_MAX);
	require(varlink_input_add(&input, output->data + before, output->len - before) == 0,
		"an answer can be read");
	require(varlink_input_next(&input, &again, why) == 1, "an answer is a message");
	require(json_equal(message, again), "an answer arrives as it was");
	require(input.start == input.len, "an answer is one message");
	json_decref(again);
	varlink_input_done(&input);
}

static void check_answer(const struct varlink_call *call, struct varlink_output *output)
{
	const char *prefix = "org.mssclamp.";
	char field[VARLINK_FIELD_MAX];
	json_t *reply = NULL;
	int r = varlink_service_answer(&service, call, &reply);

	require(r == 0 || r == 1, "a call is answered or ours");
	if (r == 1) {
		require(json_is_object(json_object_get(reply, "parameters")),
			"a reply has parameters");
		send_back(output, reply);
		json_decref(reply);
		return;
	}
	require(strncmp(call->method, prefix, strlen(prefix)) == 0, "ours has our prefix");
	require(varlink_idl_check(interface.description, call->method + strlen(prefix),
				  VARLINK_PARAMETERS, call->parameters, field) == 0,
		"parameters of a call that reaches us are right");
	send_back(output, call->message);
}

/* What a client gets for a message that is no call. */
static void check_refusal(const char *why, struct varlink_output *output)
{
	json_t *parameters = json_object(), *error;

	require(*why && strlen(why) < VARLINK_WHY_MAX, "a refusal says why");
	require(json_object_set_new(parameters, "message", json_string(why)) == 0,
		"a refusal is a JSON string");
	error = varlink_make_error("org.mssclamp.InvalidArgument", parameters);
	require(error, "a refusal can be made");
	send_back(output, error);
	json_decref(error);
}

/* Returns false when the stream has ended in an error. */
static bool drain(struct varlink_input *input, struct varlink_output *output)
{
	char why[VARLINK_WHY_MAX] = "";
	struct varlink_call call;
	json_t *message;
	int r;

	while ((r = varlink_input_next(input, &message, why)) != 0) {
		require(r == 1 || r == -EBADMSG || r == -EMSGSIZE, "no other result");
		if (r == -EMSGSIZE)
			return false;
		if (r == 1)
			r = varlink_call_parse(message, &call, why);
		if (r < 0) {
			check_refusal(why, output);
			continue;
		}
		check_answer(&call, output);
		varlink_call_done(&call);
	}
	require(input->len - input->start < MESSAGE_MAX, "what waits is below the limit");
	return true;
}

/* Feeds all bytes, in pieces that follow from `seed`; 0: in one piece. */
static void feed(const uint8_t *data, size_t size, uint32_t seed, struct varlink_output *output)
{
	struct varlink_input input;
	bool alive = true, fits;

	varlink_input_init(&input, MESSAGE_MAX);
	for (size_t at = 0, piece = size; alive && at < size; at += piece) {
		if (seed) {
			seed = seed * 1664525 + 1013904223;
			piece = 1 + (seed >> 16) % 61;
		}
		if (piece > size - at)
			piece = size - at;
		fits = varlink_input_add(&input, data + at, piece) == 0;
		alive = drain(&input, output);
		require(fits || !alive, "too long stays too long");
	}
	varlink_input_done(&input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct varlink_output whole = { 0 }, cut = { 0 };
	uint32_t seed = 1 + (uint32_t)size * 256 + (size ? data[0] : 0);

	feed(data, size, 0, &whole);
	feed(data, size, seed, &cut);
	require(whole.len == cut.len &&
			(!whole.len || memcmp(whole.data, cut.data, whole.len) == 0),
		"the same bytes get the same answers, however they are cut");
	varlink_output_done(&whole);
	varlink_output_done(&cut);
	return 0;
}
