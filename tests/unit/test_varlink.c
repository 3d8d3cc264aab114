/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "failing_memory.h"
#include "proto/varlink.h"

#define ROW(text) (text), sizeof(text) - 1
#define DESCRIPTION "org.varlink.service.GetInterfaceDescription"
#define D8 "[[[[[[[["
#define U8 "]]]]]]]]"

/* What a stream gives: each message as its text, or how it went wrong. */
static const struct {
	const char *name, *bytes;
	size_t len, max;
	const char *result; /* one item a message: its text, !ERROR, or . for an unfinished rest */
} streams[] = {
	/* clang-format off */
	{ "nothing",              ROW(""),                          64, "" },
	{ "one message",          ROW("{\"a\":1}\0"),               64, "{\"a\":1}" },
	{ "two at once",          ROW("{\"a\":1}\0{\"b\":[]}\0"),   64, "{\"a\":1} {\"b\":[]}" },
	{ "no NUL yet",           ROW("{\"a\":1}"),                 64, "." },
	{ "and a half",           ROW("{\"a\":1}\0{\"b\""),         64, "{\"a\":1} ." },
	{ "as long as allowed",   ROW("{\"a\":1}\0"),                8, "{\"a\":1}" },
	{ "one byte too long",    ROW("{\"a\":12}\0"),               8, "!MSGSIZE" },
	{ "too long, unfinished", ROW("{\"a\":12"),                  7, "!MSGSIZE" },
	{ "the second too long",  ROW("{\"a\":1}\0{\"a\":12}\0"),    8, "{\"a\":1} !MSGSIZE" },
	{ "space around",         ROW(" {\"a\" : 1}\n\0"),          64, "{\"a\":1}" },
	{ "empty message",        ROW("\0"),                        64, "!BADMSG" },
	{ "garbage, then good",   ROW("hello\0{}\0"),               64, "!BADMSG {}" },
	{ "two objects in one",   ROW("{}{}\0"),                    64, "!BADMSG" },
	{ "an array",             ROW("[1]\0"),                     64, "!BADMSG" },
	{ "a string",             ROW("\"a\"\0"),                   64, "!BADMSG" },
	{ "a key twice",          ROW("{\"a\":1,\"a\":1}\0"),       64, "!BADMSG" },
	{ "a key twice, inside",  ROW("{\"a\":{\"b\":1,\"b\":2}}\0"), 64, "!BADMSG" },
	{ "bad UTF-8",            ROW("{\"a\":\"\xff\"}\0"),        64, "!BADMSG" },
	{ "a control character",  ROW("{\"a\":\"\x01\"}\0"),        64, "!BADMSG" },
	{ "a NUL in a string",    ROW("{\"a\":\"\\u0000\"}\0"),     64, "!BADMSG" },
	{ "a number too large",   ROW("{\"a\":99999999999999999999}\0"), 64, "!BADMSG" },
	{ "not a number",         ROW("{\"a\":NaN}\0"),             64, "!BADMSG" },
	{ "32 levels",            ROW("{\"a\":" D8 D8 D8 "[[[[[[[" "]]]]]]]" U8 U8 U8 "}\0"), 99,
	  "{\"a\":" D8 D8 D8 "[[[[[[[" "]]]]]]]" U8 U8 U8 "}" },
	{ "33 levels",            ROW("{\"a\":" D8 D8 D8 D8 U8 U8 U8 U8 "}\0"), 99, "!BADMSG" },
	{ "33 levels, never closed", ROW("{\"a\":" D8 D8 D8 D8 "\0"), 99, "!BADMSG" },
	{ "brackets in a string", ROW("{\"a\":\"\\\"" D8 D8 D8 D8 "\"}\0"), 99,
	  "{\"a\":\"\\\"" D8 D8 D8 D8 "\"}" },
	/* clang-format on */
};

/* Takes what is there and writes it behind text. Returns false after an error that ends the
 * stream. */
static bool drain(struct varlink_input *input, char *text, size_t size)
{
	char why[VARLINK_WHY_MAX];
	json_t *message;
	int r;

	while ((r = varlink_input_next(input, &message, why)) != 0) {
		size_t used = strlen(text);
		char *dump = r > 0 ? json_dumps(message, JSON_COMPACT) : NULL;

		assert_true(r == 1 || r == -EBADMSG || r == -EMSGSIZE);
		if (r == -EBADMSG)
			assert_true(strlen(why) > 0 && strlen(why) < sizeof(why));
		snprintf(text + used, size - used, "%s%s", used ? " " : "",
			 r == 1 ? dump : r == -EBADMSG ? "!BADMSG" : "!MSGSIZE");
		if (r == 1)
			json_decref(message);
		free(dump);
		if (r == -EMSGSIZE)
			return false;
	}
	return true;
}

/* Feeds a stream in pieces of `piece` bytes. */
static void run_stream(size_t row, size_t piece, char *text, size_t size)
{
	struct varlink_input input;
	bool alive = true;

	varlink_input_init(&input, streams[row].max);
	text[0] = '\0';
	for (size_t at = 0; alive && at < streams[row].len; at += piece) {
		size_t left = streams[row].len - at;
		char *exact = malloc(left < piece ? left : piece);
		int r;

		assert_non_null(exact);
		memcpy(exact, streams[row].bytes + at, left < piece ? left : piece);
		r = varlink_input_add(&input, exact, left < piece ? left : piece);
		free(exact);
		assert_true(r == 0 || r == -EMSGSIZE);
		alive = drain(&input, text, size);
		assert_true(r == 0 || !alive);
	}
	if (alive && input.len > input.start)
		strcat(text, *text ? " ." : ".");
	varlink_input_done(&input);
}

static void test_streams(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(streams); i++)
		for (size_t piece = 1; piece <= streams[i].len + 1; piece++) {
			run_stream(i, piece, text, sizeof(text));
			if (strcmp(text, streams[i].result) != 0)
				fail_msg("%s, %zu bytes a piece: \"%s\" instead of \"%s\"",
					 streams[i].name, piece, text, streams[i].result);
		}
}

static const struct {
	const char *name, *message;
	const char *method, *parameters; /* NULL: refused */
	const char *flags;               /* m, o, u; or what the refusal must name */
} calls[] = {
	/* clang-format off */
	{ "method alone",      "{'method':'a.B'}",                         "a.B", "{}", "" },
	{ "parameters",        "{'method':'a.B','parameters':{'x':1}}",    "a.B", "{'x':1}", "" },
	{ "null is absent",    "{'method':'a.B','parameters':null,'more':null}", "a.B", "{}", "" },
	{ "more",              "{'method':'a.B','more':true}",             "a.B", "{}", "m" },
	{ "oneway",            "{'method':'a.B','oneway':true}",           "a.B", "{}", "o" },
	{ "upgrade",           "{'method':'a.B','upgrade':true}",          "a.B", "{}", "u" },
	{ "flags false",       "{'method':'a.B','more':false,'oneway':false}", "a.B", "{}", "" },
	{ "vendor extension",  "{'method':'a.B','com.example':{'x':1}}",   "a.B", "{}", "" },
	{ "no method",         "{}",                                   NULL, NULL, "'method'" },
	{ "method null",       "{'method':null}",                      NULL, NULL, "'method'" },
	{ "method empty",      "{'method':''}",                        NULL, NULL, "'method'" },
	{ "method a number",   "{'method':1}",                         NULL, NULL, "'method'" },
	{ "parameters: array", "{'method':'a.B','parameters':[]}",     NULL, NULL, "'parameters'" },
	{ "more a number",     "{'method':'a.B','more':1}",            NULL, NULL, "'more'" },
	{ "more a string",     "{'method':'a.B','more':'true'}",       NULL, NULL, "'more'" },
	{ "unknown field",     "{'method':'a.B','id':7}",              NULL, NULL, "'id'" },
	{ "a dot, no object",  "{'method':'a.B','com.example':7}", NULL, NULL, "'com.example'" },
	{ "more and oneway", "{'method':'a.B','more':true,'oneway':true}", NULL, NULL, "exclude" },
	{ "foreign bytes",     "{'method':'a.B','\xc3\xa9':7}",        NULL, NULL, "'\?\?'" },
	{ "not an object",     "['method']",                           NULL, NULL, "object" },
	/* clang-format on */
};

/* JSON in single quotes, for tables that can be read. */
static json_t *load(const char *quoted)
{
	char text[512];
	json_t *value;

	snprintf(text, sizeof(text), "%s", quoted);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!value)
		fail_msg("the table's own JSON is wrong: %s", quoted);
	return value;
}

static void test_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		char why[VARLINK_WHY_MAX] = "", flags[4] = "";
		struct varlink_call call = { 0 };
		int r = varlink_call_parse(load(calls[i].message), &call, why);
		json_t *parameters;

		print_message("%s\n", calls[i].name);
		if (!calls[i].method) {
			assert_int_equal(r, -EBADMSG);
			assert_non_null(strstr(why, calls[i].flags));
			continue;
		}
		assert_int_equal(r, 0);
		assert_string_equal(call.method, calls[i].method);
		parameters = load(calls[i].parameters);
		assert_true(json_equal(call.parameters, parameters));
		json_decref(parameters);
		snprintf(flags, sizeof(flags), "%s%s%s", call.more ? "m" : "",
			 call.oneway ? "o" : "", call.upgrade ? "u" : "");
		assert_string_equal(flags, calls[i].flags);
		varlink_call_done(&call);
	}
}

static const struct varlink_interface interfaces[] = {
	{ "com.example", "interface com.example\n"
			 "# method Hidden() -> ()\n"
			 "type Point (x: int)\n"
			 "method Ask(name: string, at: ?Point) -> (answer: string)\n" },
	{ "com.example.more", "interface com.example.more\nmethod Go() -> ()\n" },
};
static const struct varlink_service service = {
	"Someone", "Something", "1.2", "https://example.com", interfaces, COUNT(interfaces),
};

#define GET_INFO "org.varlink.service.GetInfo"
#define DESCRIBE "org.varlink.service.GetInterfaceDescription"
#define ERROR(name, key, value) \
	"{'error':'org.varlink.service." name "','parameters':{'" key "':'" value "'}}"

static const struct {
	const char *name, *method, *parameters;
	const char *reply; /* NULL: for the caller */
} answers[] = {
	/* clang-format off */
	{ "ours",              "com.example.Ask", "{'name':'x'}", NULL },
	{ "ours, with a type", "com.example.Ask", "{'name':'x','at':{'x':3}}", NULL },
	{ "the other one",     "com.example.more.Go", "{}", NULL },
	{ "info",              GET_INFO, "{}",
	  "{'parameters':{'vendor':'Someone','product':'Something','version':'1.2',"
	  "'url':'https://example.com','interfaces':['org.varlink.service','com.example',"
	  "'com.example.more']}}" },
	{ "description",       DESCRIBE, "{'interface':'com.example.more'}",
	  "{'parameters':{'description':'interface com.example.more\\nmethod Go() -> ()\\n'}}" },
	{ "no such interface to describe", DESCRIBE, "{'interface':'com'}",
	  ERROR("InterfaceNotFound", "interface", "com") },
	{ "describe nothing",  DESCRIBE, "{}",
	  ERROR("InvalidParameter", "parameter", "interface") },
	{ "info of something", GET_INFO, "{'about':'x'}",
	  ERROR("InvalidParameter", "parameter", "about") },
	{ "no such interface", "com.example.less.Go", "{}",
	  ERROR("InterfaceNotFound", "interface", "com.example.less") },
	{ "no such method",    "com.example.Go", "{}",
	  ERROR("MethodNotFound", "method", "com.example.Go") },
	{ "method in a comment", "com.example.Hidden", "{}",
	  ERROR("MethodNotFound", "method", "com.example.Hidden") },
	{ "method without a name", "com.example.", "{}",
	  ERROR("MethodNotFound", "method", "com.example.") },
	{ "no such service method", "org.varlink.service.Stop", "{}",
	  ERROR("MethodNotFound", "method", "org.varlink.service.Stop") },
	{ "no interface at all", "Ask", "{}",
	  ERROR("InvalidParameter", "parameter", "method") },
	{ "parameter missing", "com.example.Ask", "{}",
	  ERROR("InvalidParameter", "parameter", "name") },
	{ "parameter of another type", "com.example.Ask", "{'name':7}",
	  ERROR("InvalidParameter", "parameter", "name") },
	{ "parameter unknown", "com.example.Ask", "{'name':'x','nmae':'x'}",
	  ERROR("InvalidParameter", "parameter", "nmae") },
	/* clang-format on */
};

static void test_service(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct varlink_call call;
		char why[VARLINK_WHY_MAX];
		json_t *reply, *expected;
		int r;

		print_message("%s\n", answers[i].name);
		r = varlink_call_parse(
			varlink_make_call(answers[i].method, load(answers[i].parameters), false),
			&call, why);
		assert_int_equal(r, 0);
		r = varlink_service_answer(&service, &call, &reply);
		assert_int_equal(r, answers[i].reply ? 1 : 0);
		if (r == 1) {
			expected = load(answers[i].reply);
			assert_true(json_equal(reply, expected));
			json_decref(expected);
			json_decref(reply);
		}
		varlink_call_done(&call);
	}
}

static void test_service_refuses_upgrade(void **state)
{
	struct varlink_call call;
	char why[VARLINK_WHY_MAX];
	json_t *reply;

	(void)state;
	assert_int_equal(varlink_call_parse(load("{'method':'com.example.more.Go','upgrade':true}"),
					    &call, why), 0);
	assert_int_equal(varlink_service_answer(&service, &call, &reply), 1);
	assert_string_equal(json_string_value(json_object_get(reply, "error")),
			    "org.varlink.service.InvalidParameter");
	json_decref(reply);
	varlink_call_done(&call);
}

static void test_service_describes_itself(void **state)
{
	struct varlink_call call;
	char why[VARLINK_WHY_MAX];
	const char *text;
	json_t *reply;

	(void)state;
	assert_int_equal(varlink_call_parse(
				 load("{'method':'org.varlink.service.GetInterfaceDescription',"
				      "'parameters':{'interface':'org.varlink.service'}}"),
				 &call, why), 0);
	assert_int_equal(varlink_service_answer(&service, &call, &reply), 1);
	text = json_string_value(
		json_object_get(json_object_get(reply, "parameters"), "description"));
	assert_non_null(strstr(text, "method GetInfo() -> ("));
	json_decref(reply);
	varlink_call_done(&call);
}

/* Writes the message and compares what waits to be sent. */
static void expect_output(json_t *message, const char *text)
{
	struct varlink_output output = { 0 };

	assert_non_null(message);
	assert_int_equal(varlink_output_add(&output, message), 0);
	assert_int_equal(output.len, strlen(text) + 1);
	assert_memory_equal(output.data, text, output.len);
	json_decref(message);
	varlink_output_done(&output);
}

static void test_messages_as_bytes(void **state)
{
	(void)state;
	expect_output(varlink_make_call("a.B", json_object(), false),
		      "{\"method\":\"a.B\",\"parameters\":{}}");
	expect_output(varlink_make_call("a.B", load("{'x':1}"), true),
		      "{\"method\":\"a.B\",\"parameters\":{\"x\":1},\"more\":true}");
	expect_output(varlink_make_reply(json_object(), false), "{\"parameters\":{}}");
	expect_output(varlink_make_reply(json_object(), true),
		      "{\"parameters\":{},\"continues\":true}");
	expect_output(varlink_make_expected_more(),
		      "{\"error\":\"org.varlink.service.ExpectedMore\",\"parameters\":{}}");
	expect_output(varlink_make_error("a.Bad", json_object()),
		      "{\"error\":\"a.Bad\",\"parameters\":{}}");
	assert_null(varlink_make_reply(NULL, false));
	assert_null(varlink_make_error("a.Bad", NULL));
}

static void test_output_in_pieces(void **state)
{
	struct varlink_output output = { 0 };
	json_t *message = varlink_make_reply(json_object(), false);

	(void)state;
	assert_int_equal(varlink_output_add(&output, message), 0);
	varlink_output_consume(&output, 5);
	assert_int_equal(varlink_output_add(&output, message), 0);
	assert_int_equal(output.sent, 5);
	assert_string_equal(output.data + output.sent, "ameters\":{}}");
	varlink_output_consume(&output, output.len - output.sent);
	assert_int_equal(output.len, 0);
	assert_int_equal(output.sent, 0);
	json_decref(message);
	varlink_output_done(&output);
}

/* What waits for one is added to the other; an output that is never empty does not grow. */
static void test_output_is_copied(void **state)
{
	struct varlink_output from = { 0 }, to = { 0 };
	json_t *message = varlink_make_reply(json_object(), true);

	(void)state;
	assert_int_equal(varlink_output_copy(&to, &from), 0);
	assert_int_equal(varlink_output_waiting(&to), 0);
	assert_int_equal(varlink_output_add(&from, message), 0);
	for (size_t i = 0; i < 1000; i++) {
		assert_int_equal(varlink_output_copy(&to, &from), 0);
		assert_int_equal(varlink_output_copy(&to, &from), 0);
		assert_int_equal(varlink_output_waiting(&to), (i + 2) * from.len);
		assert_string_equal(to.data + to.sent, from.data);
		assert_string_equal(to.data + to.len - from.len, from.data);
		varlink_output_consume(&to, from.len);
	}
	for (size_t i = 0; i < 100000; i++) {
		assert_int_equal(varlink_output_copy(&to, &from), 0);
		varlink_output_consume(&to, from.len);
		assert_string_equal(to.data + to.sent, from.data);
	}
	assert_int_equal(varlink_output_waiting(&to), 1000 * from.len);
	assert_true(to.capacity < 4096 * from.len);
	assert_int_equal(varlink_output_waiting(&from), from.len);
	varlink_output_done(&from);
	varlink_output_done(&to);
	json_decref(message);
}

static void test_large_output_is_given_back(void **state)
{
	struct varlink_output output = { 0 };
	char *text = malloc(300001);
	json_t *message;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 300000);
	text[300000] = '\0';
	message = varlink_make_reply(json_pack("{s:s}", "text", text), false);
	assert_int_equal(varlink_output_add(&output, message), 0);
	assert_true(output.capacity > 300000);
	varlink_output_consume(&output, output.len);
	assert_int_equal(output.capacity, 0);
	json_decref(message);
	free(text);
	varlink_output_done(&output);
}

static void test_strings_of_any_bytes(void **state)
{
	static const struct { const char *name, *text, *string; } cases[] = {
		{ "nothing",               "",                      "" },
		{ "readable",              "wg0: 1420 bytes",       "wg0: 1420 bytes" },
		{ "two lines",             "a\nb\n",                "a\nb\n" },
		{ "control characters",    "\x1b[1m\x7f",           "\x1b[1m\x7f" },
		{ "UTF-8",                 "\xc3\xa9 \xe2\x82\xac",      "\xc3\xa9 \xe2\x82\xac" },
		{ "one byte of Latin 1",   "caf\xe9",               "caf?" },
		{ "UTF-8 and Latin 1",     "\xc3\xa9\xe9\n\xc3\xa9", "\xc3\xa9?\n\xc3\xa9" },
		{ "half a character",      "a\xe2\x82",             "a??" },
		{ "a surrogate",           "\xed\xa0\x80!",         "?" "?" "?!" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *string = varlink_string(cases[i].text);

		print_message("%s\n", cases[i].name);
		assert_non_null(string);
		assert_string_equal(json_string_value(string), cases[i].string);
		json_decref(string);
	}
}

/* A call comes in, is answered and the answer goes out. */
static int serve(void *userdata)
{
	struct varlink_output output = { 0 };
	char why[VARLINK_WHY_MAX];
	struct varlink_input input;
	struct varlink_call call;
	json_t *message = NULL, *reply = NULL;
	int r;

	varlink_input_init(&input, 4096);
	r = varlink_input_add(&input, userdata, strlen(userdata) + 1);
	if (r == 0)
		r = varlink_input_next(&input, &message, why);
	varlink_input_done(&input);
	if (r != 1)
		return r == -EBADMSG ? -ENOMEM : r;
	r = varlink_call_parse(message, &call, why);
	if (r < 0)
		return r;
	r = varlink_service_answer(&service, &call, &reply);
	varlink_call_done(&call);
	if (r == 1)
		r = varlink_output_add(&output, reply);
	json_decref(reply);
	varlink_output_done(&output);
	return r;
}

/* jansson does not always say that memory was what it lacked, and can do without some. */
static void test_no_memory(void **state)
{
	static const char *const asked[] = {
		"{\"method\":\"org.varlink.service.GetInfo\"}",
		"{\"method\":\"org.varlink.service.Nope\"}",
		"{\"method\":\"" DESCRIPTION "\",\"parameters\":{\"interface\":\"a.b\"}}",
		"{\"method\":\"" DESCRIPTION "\",\"parameters\":{}}",
		"{\"method\":\"org.nobody.Nope\",\"more\":true}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		print_message("%s\n", asked[i]);
		memory_fail_each(serve, (void *)(uintptr_t)asked[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_service),
		cmocka_unit_test(test_service_refuses_upgrade),
		cmocka_unit_test(test_service_describes_itself),
		cmocka_unit_test(test_strings_of_any_bytes),
		cmocka_unit_test(test_messages_as_bytes),
		cmocka_unit_test(test_output_in_pieces),
		cmocka_unit_test(test_output_is_copied),
		cmocka_unit_test(test_large_output_is_given_back),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests_name("varlink", tests, NULL, NULL);
}
