/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exporter/answer.h"

#include <string.h>

enum answer answer_choose(const char *method, const char *path, bool has_body)
{
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return ANSWER_BAD_METHOD;
	if (has_body)
		return ANSWER_NO_BODY;
	if (strcmp(path, "/metrics") == 0)
		return ANSWER_METRICS;
	return strcmp(path, "/") == 0 ? ANSWER_PAGE : ANSWER_NOT_FOUND;
}

static const struct {
	unsigned int status;
	const char *text;
} answers[] = {
	[ANSWER_METRICS] = { 200, "" },
	[ANSWER_PAGE] = { 200,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<title>mssclamp-exporter</title></head>\n<body><h1>mssclamp-exporter</h1>\n"
		"<p><a href=\"/metrics\">Metrics</a> of mssclampd " VERSION ".</p>"
		"</body></html>\n" },
	[ANSWER_NOT_FOUND] = { 404, "There is only /metrics here.\n" },
	[ANSWER_BAD_METHOD] = { 405, "Only GET and HEAD.\n" },
	[ANSWER_NO_BODY] = { 413, "A request here has no body.\n" },
};

unsigned int answer_status(enum answer answer)
{
	return answers[answer].status;
}

const char *answer_text(enum answer answer)
{
	return answers[answer].text;
}
