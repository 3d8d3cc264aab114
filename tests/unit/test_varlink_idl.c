/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "proto/varlink_idl.h"

#define LONG "ninety_bytes_and_more_are_too_much_for_a_field_so_it_is_cut_and_that_must_end_well_"

static const char idl[] =
	"# method Comment(a: int) -> ()\n"
	"interface com.example\n"
	"type Point (x: int, y: ?int) # method Behind() -> ()\n"
	"type Shape (kind: (circle, square), points: []Point)\n"
	"type Alias Point\n"
	"method Nothing() -> ()\n"
	"method Plain(b: bool, i: int, f: float, s: string, o: object) -> (count: int)\n"
	"method Maybe(a: ?string, b: ?[]int, c: ?Point) -> ()\n"
	"method\n"
	"  Deep (\n"
	"    # the shape\n"
	"    shape: Shape,\n"
	"    map: [string]?int,\n"
	"    set: [string](),\n"
	"    inner: (first: int, rest: ?[](a: bool)),\n"
	"    enum: ?(one, two),\n"
	"    type: Alias\n"
	"  )\n"
	"  -> (shape: Shape)\n"
	"error Bad (method: string)\n";

#define PLAIN(b, i, f, s, o) "{'b':" b ",'i':" i ",'f':" f ",'s':" s ",'o':" o "}"
#define DEEP(shape, map, set, inner, rest) \
	"{'shape':" shape ",'map':" map ",'set':" set ",'inner':" inner ",'type':{'x':1}" rest "}"
#define FIRST "{'first':1}"
#define OVAL "{'kind':'oval','points':[]}"
#define SHAPE "{'kind':'circle','points':[{'x':1},{'x':2,'y':3}]}"

static const struct {
	const char *name, *method, *object;
	const char *wrong; /* the field; NULL: all is well; "-": no such method */
} cases[] = {
	/* clang-format off */
	{ "no parameters",           "Nothing", "{}",                                 NULL },
	{ "one too many",            "Nothing", "{'a':null}",                         "a" },
	{ "an empty name",           "Nothing", "{'':1}",                             "" },
	{ "in a comment",            "Comment", "{}",                                 "-" },
	{ "behind a comment",        "Behind",  "{}",                                 "-" },
	{ "a type is no method",     "Point",   "{}",                                 "-" },
	{ "a field is no method",    "string",  "{}",                                 "-" },
	{ "no name",                 "",        "{}",                                 "-" },
	{ "the start of a name",     "Plai",    "{}",                                 "-" },
	{ "each plain type",         "Plain", PLAIN("true", "1", "1.5", "'x'", "{}"), NULL },
	{ "a float without a point", "Plain", PLAIN("true", "1", "1", "'x'", "{}"),   NULL },
	{ "bool: int",               "Plain", PLAIN("0", "1", "1.5", "'x'", "{}"),    "b" },
	{ "int: float",              "Plain", PLAIN("true", "1.0", "1.5", "'x'", "{}"), "i" },
	{ "int: string",             "Plain", PLAIN("true", "'1'", "1.5", "'x'", "{}"), "i" },
	{ "float: string",           "Plain", PLAIN("true", "1", "'1'", "'x'", "{}"), "f" },
	{ "string: null",            "Plain", PLAIN("true", "1", "1", "null", "{}"),  "s" },
	{ "object: array",           "Plain", PLAIN("true", "1", "1", "'x'", "[]"),   "o" },
	{ "the last is missing",     "Plain", "{'b':true,'i':1,'f':1,'s':'x'}",       "o" },
	{ "nullables absent",        "Maybe", "{}",                                   NULL },
	{ "nullables null",          "Maybe", "{'a':null,'b':null,'c':null}",         NULL },
	{ "nullables there",         "Maybe", "{'a':'','b':[1,2],'c':{'x':1}}",       NULL },
	{ "nullable of another type", "Maybe", "{'a':1}",                             "a" },
	{ "an element wrong",        "Maybe", "{'b':[1,'2']}",                        "b" },
	{ "an element null",         "Maybe", "{'b':[null]}",                         "b" },
	{ "a struct's field missing", "Maybe", "{'c':{'y':1}}",                       "c" },
	{ "a struct's field unknown", "Maybe", "{'c':{'x':1,'z':1}}",                 "c" },
	{ "all of it", "Deep",
	  DEEP(SHAPE, "{'a':1,'b':null}", "{'k':{}}", FIRST, ""), NULL },
	{ "all, with more", "Deep",
	  DEEP(SHAPE, "{}", "{}", "{'first':1,'rest':[{'a':true}]}", ",'enum':'two'"), NULL },
	{ "enum of another word", "Deep",
	  DEEP(SHAPE, "{}", "{}", FIRST, ",'enum':'three'"), "enum" },
	{ "enum: int", "Deep",
	  DEEP(SHAPE, "{}", "{}", FIRST, ",'enum':1"), "enum" },
	{ "set with a value", "Deep",
	  DEEP(SHAPE, "{}", "{'k':{'x':1}}", FIRST, ""), "set" },
	{ "set with an empty key inside", "Deep",
	  DEEP(SHAPE, "{}", "{'k':{'':1}}", FIRST, ""), "set" },
	{ "set as an array", "Deep",
	  DEEP(SHAPE, "{}", "['k']", FIRST, ""), "set" },
	{ "map with a wrong value", "Deep",
	  DEEP(SHAPE, "{'a':'1'}", "{}", FIRST, ""), "map" },
	{ "inner struct wrong", "Deep",
	  DEEP(SHAPE, "{}", "{}", "{'first':1,'rest':[{'a':1}]}", ""), "inner" },
	{ "named type wrong inside", "Deep",
	  DEEP(OVAL, "{}", "{}", FIRST, ""), "shape" },
	{ "a long name",             "Nothing", "{'" LONG LONG "':1}",
	  "ninety_bytes_and_more_are_too_much_for_a_field_so_it_is_cut_and" },
	{ "a long name, cut between characters", "Nothing",
	  "{'ninety_bytes_and_more_are_too_much_for_a_field_so_it_is_cut_an\xc3\xa9 and more':1}",
	  "ninety_bytes_and_more_are_too_much_for_a_field_so_it_is_cut_an" },
	/* clang-format on */
};

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

static void test_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool known = !cases[i].wrong || strcmp(cases[i].wrong, "-") != 0;
		json_t *object = load(cases[i].object);
		char field[VARLINK_FIELD_MAX];
		int r = varlink_idl_check(idl, cases[i].method, VARLINK_PARAMETERS, object, field);

		print_message("%s\n", cases[i].name);
		assert_int_equal(varlink_idl_has_method(idl, cases[i].method), known);
		assert_int_equal(r, !known ? -ENOENT : cases[i].wrong ? -EINVAL : 0);
		assert_string_equal(field, known && cases[i].wrong ? cases[i].wrong : "");
		json_decref(object);
	}
}

static const struct {
	const char *name, *method, *object;
	int result;
} replies[] = {
	/* clang-format off */
	{ "empty",                "Nothing", "{}",                    0 },
	{ "not empty",            "Nothing", "{'a':1}",               -EINVAL },
	{ "the field",            "Plain",   "{'count':1}",           0 },
	{ "a parameter's name",   "Plain",   "{'b':true}",            -EINVAL },
	{ "behind a long list",   "Deep",    "{'shape':" SHAPE "}",   0 },
	/* clang-format on */
};

static void test_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(replies); i++) {
		json_t *object = load(replies[i].object);
		char field[VARLINK_FIELD_MAX];

		print_message("%s\n", replies[i].name);
		assert_int_equal(varlink_idl_check(idl, replies[i].method, VARLINK_REPLY, object,
						   field),
				 replies[i].result);
		json_decref(object);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_replies),
	};

	return cmocka_run_group_tests_name("varlink_idl", tests, NULL, NULL);
}
