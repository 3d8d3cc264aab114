/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Varlink wire format (varlink.org/Method-Call): JSON objects, each ended by a NUL byte, over a
 * stream. Pure: bytes in, calls out; replies in, bytes out. Both ends use it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VARLINK_MESSAGE_MAX 65536 /* bytes of one incoming call, its NUL included */
#define VARLINK_DEPTH_MAX 32      /* nesting of an incoming message */
#define VARLINK_WHY_MAX 160       /* bytes a ret_why must have room for, its NUL included */

/* Replaces what is no printable ASCII by '?': a piece of a stranger's text that goes into a log
 * line or, cut anywhere, into a JSON string. */
void varlink_make_printable(char *text);

/* A JSON string of any text that ends with a NUL: valid UTF-8 stays as it is, newlines and control
 * characters too (JSON escapes them), and each byte that is no part of any becomes '?'. Owned, or
 * NULL (out of memory). */
json_t *varlink_string(const char *text);
/* The same of a text that may be NULL: null then. */
json_t *varlink_string_or_null(const char *text);
/* The same where an empty text says that there is none: null then too. */
json_t *varlink_string_unless_empty(const char *text);
/* A JSON integer, null unless known. Owned, or NULL (out of memory). */
json_t *varlink_count(bool known, uint64_t count);

/* Splits a byte stream into messages. */
struct varlink_input {
	char *data;
	size_t start;              /* bytes of data already given out */
	size_t len, capacity, max; /* max: largest message accepted */
	size_t scanned;            /* bytes known to hold no NUL, counted from data */
};

/* max counts the NUL of a message. The input grows with what is added: who reads from a stranger
 * asks for all whole messages before adding more, and then it stays below max plus one addition. */
void varlink_input_init(struct varlink_input *input, size_t max);
void varlink_input_done(struct varlink_input *input);
/* Appends received bytes. Returns 0, -EMSGSIZE (the next message has more than max bytes) or
 * -ENOMEM. After -EMSGSIZE no further message can be had. */
int varlink_input_add(struct varlink_input *input, const void *data, size_t len);
/* Takes the next whole message: returns 1 and an owned JSON object, 0 when there is none yet,
 * -EBADMSG for what is no JSON object, has a key twice or is nested deeper than
 * VARLINK_DEPTH_MAX (ret_why, VARLINK_WHY_MAX bytes of printable ASCII, says where and why; the
 * next call goes on behind it), -EMSGSIZE as above, -ENOMEM. */
int varlink_input_next(struct varlink_input *input, json_t **ret_message, char *ret_why);

/* Bytes on their way out: data[sent] to data[len] still have to go. */
struct varlink_output {
	char *data;
	size_t len, sent, capacity;
};

void varlink_output_done(struct varlink_output *output);
/* Borrows message. Returns 0 or -ENOMEM, then with everything as it was. */
int varlink_output_add(struct varlink_output *output, const json_t *message);
/* Adds what waits in another output, which keeps it: one message for many. Room that sent bytes
 * leave is used again, so that an output never emptied does not grow. Returns as above. */
int varlink_output_copy(struct varlink_output *output, const struct varlink_output *from);
/* Bytes that still have to go. */
size_t varlink_output_waiting(const struct varlink_output *output);
/* The first len of the waiting bytes are gone. Gives memory back when the last one is. */
void varlink_output_consume(struct varlink_output *output, size_t len);

struct varlink_call {
	const char *method;     /* borrowed from message */
	json_t *parameters;     /* borrowed; an object, never NULL */
	bool more, oneway, upgrade;
	json_t *message;        /* owned */
};

/* Takes message in any case. Returns 0, or -EBADMSG with ret_why (VARLINK_WHY_MAX bytes): no
 * method, a field of the wrong type, an unknown field, flags that exclude each other; or
 * -ENOMEM. A field that is null counts as absent. Vendor extensions (an object under a name with
 * a dot) are stepped over. */
int varlink_call_parse(json_t *message, struct varlink_call *ret_call, char *ret_why);
void varlink_call_done(struct varlink_call *call);

/* Each takes its parameters and returns an owned message, or NULL (out of memory; parameters
 * NULL is read as that). */
json_t *varlink_make_call(const char *method, json_t *parameters, bool more);
json_t *varlink_make_reply(json_t *parameters, bool continues);
json_t *varlink_make_error(const char *error, json_t *parameters);
/* org.varlink.service.ExpectedMore: the method answers again and again, and the call came without
 * `more`. */
json_t *varlink_make_expected_more(void);

/* org.varlink.service, answered for whoever serves `interfaces`. */
struct varlink_interface {
	const char *name;        /* "org.mssclamp" */
	const char *description; /* the IDL text */
};
struct varlink_service {
	const char *vendor, *product, *version, *url;
	const struct varlink_interface *interfaces;
	size_t interface_count;
};
/* Answers GetInfo and GetInterfaceDescription, and makes the standard error for an unknown
 * interface or method, for `upgrade`, which nothing here offers, and for parameters that are not
 * what the method's description says (proto/varlink_idl). Returns 1 and an owned reply; 0 where
 * the caller answers: the method belongs to one of the interfaces, is named in its description
 * and has parameters of its types; or -ENOMEM. */
int varlink_service_answer(const struct varlink_service *service, const struct varlink_call *call,
			   json_t **ret_reply);
