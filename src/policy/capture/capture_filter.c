/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/capture/capture_filter.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

static const char *const keys[] = {
	[CAPTURE_TUNNEL] = "tunnel", [CAPTURE_PEER] = "peer",     [CAPTURE_HOST] = "host",
	[CAPTURE_PORT] = "port",     [CAPTURE_REASON] = "reason", [CAPTURE_KEYS] = NULL,
};
#define NET "net" /* the same as host, for who knows it from tcpdump */

/* tcpdump's words that people try, and what to say instead. */
static const struct {
	const char *word, *hint;
} strange_words[] = {
	{ "src", "host and net match either end" },
	{ "dst", "host and net match either end" },
	{ "tcp", "every packet here is a SYN of TCP" },
	{ "ip", "net 0.0.0.0/0 is all of IPv4" },
	{ "ip6", "net ::/0 is all of IPv6" },
};

/* What may stand where a term begins, for "did you mean". */
static const char *const first_words[] = { "tunnel", "peer", "host", "net", "port", "reason",
					   "not", NULL };

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_OPEN, TOKEN_CLOSE };

struct token {
	enum token_kind kind;
	bool quoted;
	size_t at;
	const char *text; /* of a word, in the text of the filter */
};

struct parser {
	struct capture_filter *filter;
	size_t next;        /* where the next token is looked for */
	bool cut;           /* the byte there was a parenthesis, and ends a word now */
	char cut_byte;
	struct token token; /* the one that is looked at */
	size_t depth;
	char *why;
	size_t at;          /* of the error */
};

static int fail(struct parser *parser, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int fail(struct parser *parser, size_t at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(parser->why, CAPTURE_FILTER_WHY_MAX, format, arguments);
	va_end(arguments);
	parser->at = at;
	return -EINVAL;
}

static char byte_at(const struct parser *parser, size_t at)
{
	if (parser->cut && at == parser->next)
		return parser->cut_byte;
	return parser->filter->text[at];
}

/* A name in quotes, which may hold anything but a quote. */
static int take_quoted(struct parser *parser, size_t at)
{
	char *text = parser->filter->text, *end = strchr(text + at + 1, '"');

	if (!end)
		return fail(parser, at, "the quote has no end");
	*end = '\0';
	parser->token = (struct token){ TOKEN_WORD, true, at, text + at + 1 };
	parser->next = (size_t)(end - text) + 1;
	parser->cut = false;
	return 0;
}

/* Words are ended in place; the parenthesis that stood there is remembered. */
static void take_word(struct parser *parser, size_t at)
{
	char *text = parser->filter->text;
	size_t len = strcspn(text + at, " \t\n()\"");

	parser->token = (struct token){ TOKEN_WORD, false, at, text + at };
	parser->next = at + len;
	parser->cut_byte = text[at + len];
	parser->cut = parser->cut_byte != '\0';
	text[at + len] = '\0';
}

/* Looks at the next token. */
static int advance(struct parser *parser)
{
	size_t at = parser->next;
	char byte;

	while ((byte = byte_at(parser, at)) == ' ' || byte == '\t' || byte == '\n')
		at++;
	parser->token = (struct token){ .kind = TOKEN_END, .at = at };
	if (byte == '\0')
		return 0;
	if (byte == '"')
		return take_quoted(parser, at);
	if (byte != '(' && byte != ')') {
		take_word(parser, at);
		return 0;
	}
	parser->token.kind = byte == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
	parser->next = at + 1;
	parser->cut = false;
	return 0;
}

static bool at_word(const struct parser *parser, const char *word)
{
	return parser->token.kind == TOKEN_WORD && !parser->token.quoted &&
	       strcmp(parser->token.text, word) == 0;
}

static int add_step(struct parser *parser, const struct capture_step *step)
{
	struct capture_filter *filter = parser->filter;

	if (filter->count == CAPTURE_FILTER_STEPS)
		return fail(parser, step->at, "the filter is too long: at most %d terms and words "
			    "between them", CAPTURE_FILTER_STEPS);
	filter->steps[filter->count++] = *step;
	return 0;
}

static int read_reason(struct parser *parser, struct capture_step *step, const char *word)
{
	const char *names[SYN_RESULT_COUNT + 2], *near;
	size_t count = 0;

	for (enum syn_result result = 0; result < SYN_RESULT_COUNT; result++) {
		names[count++] = syn_result_name(result);
		if (strcmp(word, syn_result_name(result)) == 0 ||
		    (result >= SYN_LEFT_ALONE_FIRST && strcmp(word, "left_alone") == 0))
			step->results |= 1u << result;
	}
	names[count++] = "left_alone";
	names[count] = NULL;
	if (step->results)
		return 0;
	near = text_suggest(word, names);
	return fail(parser, step->at, "there is no reason \"%.40s\"%s%s%s", word,
		    near ? ", did you mean \"" : "; clamped, already_small, no_mss, left_alone and "
						 "those that stats lists are some",
		    near ? near : "", near ? "\"?" : "");
}

static int read_value(struct parser *parser, struct capture_step *step, const char *word)
{
	uint64_t port;

	switch (step->key) {
	case CAPTURE_TUNNEL:
	case CAPTURE_PEER:
		step->name_at = (size_t)(word - parser->filter->text);
		return *word ? 0 : fail(parser, step->at, "the name is empty");
	case CAPTURE_HOST:
		if (prefix_parse(word, &step->host) < 0)
			return fail(parser, step->at, "\"%.60s\" is no address, nor an address and "
				    "a prefix length with no bits set after it", word);
		return 0;
	case CAPTURE_PORT:
		if (text_parse_u64(word, 1, UINT16_MAX, &port) < 0)
			return fail(parser, step->at, "\"%.40s\" is no port from 1 to 65535", word);
		step->port = (uint16_t)port;
		return 0;
	case CAPTURE_REASON:
		return read_reason(parser, step, word);
	case CAPTURE_KEYS:
		break;
	}
	return -EINVAL;
}

/* "net 10.0.0.0" means more than that one address, and does not say how much. */
static int check_net(struct parser *parser, const struct capture_step *step, const char *word)
{
	const struct address *address = &step->host.address;
	size_t last = address->family == FAMILY_IPV6 ? 15 : 3;

	if (strchr(word, '/') || address->bytes[last] != 0)
		return 0;
	return fail(parser, step->at, "net %.60s has no length; %.60s/%s is a net, host %.60s one "
		    "address", word, word, last == 15 ? "64" : "24", word);
}

/* KEY VALUE; the key is the token looked at. */
static int parse_term(struct parser *parser, enum capture_key key)
{
	struct capture_step step = { .kind = CAPTURE_TERM, .key = key };
	const char *word = parser->token.text;
	int r = advance(parser);

	if (r < 0)
		return r;
	step.at = parser->token.at;
	if (parser->token.kind != TOKEN_WORD)
		return fail(parser, step.at, "something is missing after \"%s\"", word);
	r = read_value(parser, &step, parser->token.text);
	if (r == 0 && strcmp(word, NET) == 0)
		r = check_net(parser, &step, parser->token.text);
	if (r == 0)
		r = add_step(parser, &step);
	parser->filter->asks[key] = true;
	return r < 0 ? r : advance(parser);
}

static int refuse_word(struct parser *parser)
{
	const char *word = parser->token.text, *near;

	if (parser->token.kind == TOKEN_END)
		return fail(parser, parser->token.at, "the filter ends where a term should follow");
	if (parser->token.kind == TOKEN_CLOSE)
		return fail(parser, parser->token.at, "there is no term in front of \")\"");
	for (size_t i = 0; i < COUNT(strange_words); i++) {
		if (at_word(parser, strange_words[i].word))
			return fail(parser, parser->token.at, "\"%s\" is no word of these "
				    "filters: %s", word, strange_words[i].hint);
	}
	near = text_suggest(word, first_words);
	return fail(parser, parser->token.at, "\"%.40s\" begins no term%s%s%s", word,
		    near ? ", did you mean \"" : "; tunnel, peer, host, net, port and reason do",
		    near ? near : "", near ? "\"?" : "");
}

static int parse_or(struct parser *parser);

static int parse_group(struct parser *parser)
{
	size_t at = parser->token.at;
	int r = advance(parser);

	if (r == 0)
		r = parse_or(parser);
	if (r < 0)
		return r;
	if (parser->token.kind != TOKEN_CLOSE)
		return fail(parser, at, "this \"(\" is not closed");
	return advance(parser);
}

static int parse_operand(struct parser *parser)
{
	const struct capture_step negation = { .kind = CAPTURE_NOT, .at = parser->token.at };
	int r;

	if (parser->token.kind == TOKEN_OPEN || at_word(parser, "not")) {
		bool group = parser->token.kind == TOKEN_OPEN;

		if (++parser->depth > CAPTURE_FILTER_DEPTH)
			return fail(parser, parser->token.at,
				    "more than %d parentheses and \"not\" inside each other",
				    CAPTURE_FILTER_DEPTH);
		r = group ? parse_group(parser) : advance(parser);
		if (!group && r == 0)
			r = parse_operand(parser);
		parser->depth--;
		return r < 0 || group ? r : add_step(parser, &negation);
	}
	for (enum capture_key key = 0; key < CAPTURE_KEYS; key++) {
		if (at_word(parser, keys[key]) || (key == CAPTURE_HOST && at_word(parser, NET)))
			return parse_term(parser, key);
	}
	return refuse_word(parser);
}

static int parse_and(struct parser *parser)
{
	int r = parse_operand(parser);

	while (r == 0 && parser->token.kind != TOKEN_END && parser->token.kind != TOKEN_CLOSE &&
	       !at_word(parser, "or")) {
		const struct capture_step both = { .kind = CAPTURE_AND, .at = parser->token.at };

		if (at_word(parser, "and"))
			r = advance(parser);
		if (r == 0)
			r = parse_operand(parser);
		if (r == 0)
			r = add_step(parser, &both);
	}
	return r;
}

static int parse_or(struct parser *parser)
{
	int r = parse_and(parser);

	while (r == 0 && at_word(parser, "or")) {
		const struct capture_step either = { .kind = CAPTURE_OR, .at = parser->token.at };

		r = advance(parser);
		if (r == 0)
			r = parse_and(parser);
		if (r == 0)
			r = add_step(parser, &either);
	}
	return r;
}

static int parse_all(struct parser *parser)
{
	int r = advance(parser);

	if (r < 0 || parser->token.kind == TOKEN_END)
		return r;
	r = parse_or(parser);
	if (r == 0 && parser->token.kind != TOKEN_END)
		r = fail(parser, parser->token.at, "there is no \"(\" that this one closes");
	return r;
}

int capture_filter_parse(struct capture_filter *filter, const char *text, char *why, size_t *ret_at)
{
	struct parser parser = { .filter = filter, .why = why };
	int r;

	*ret_at = 0;
	memset(filter, 0, sizeof(*filter));
	if (strlen(text) > CAPTURE_FILTER_MAX) {
		snprintf(why, CAPTURE_FILTER_WHY_MAX, "the filter has more than %d bytes",
			 CAPTURE_FILTER_MAX);
		return -EINVAL;
	}
	strcpy(filter->text, text);
	r = parse_all(&parser);
	*ret_at = parser.at;
	return r;
}

bool capture_filter_takes_name(const char *word)
{
	return strcmp(word, keys[CAPTURE_TUNNEL]) == 0 || strcmp(word, keys[CAPTURE_PEER]) == 0;
}
