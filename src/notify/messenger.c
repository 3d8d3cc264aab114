/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notify/messenger.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "edge/child.h"

#define TIMEOUT_MS 30000
#define VARIABLE_MAX 600

enum { ALERT, STATE, VALUE, THRESHOLD, MESSAGE, HOST, VARIABLES };

static const char *state_word(const struct alarm_message *message)
{
	return message->firing ? "firing" : "cleared";
}

static const char *host_name(char name[HOST_NAME_MAX + 1])
{
	if (gethostname(name, HOST_NAME_MAX + 1) < 0)
		snprintf(name, HOST_NAME_MAX + 1, "localhost");
	name[HOST_NAME_MAX] = '\0';
	return name;
}

/* What a child came to, said where it is not well. */
static void tell_end(const char *what, int error, const struct child_result *result)
{
	if (error < 0)
		log_error(error, "%s", what);
	else if (result->status != 0)
		log_print(LOG_ERR, "%s ended with %d%s%s", what, result->status,
			  *result->errors ? ": " : "", result->errors);
}

static bool run(const char *what, const char *const argv[], const char *const variables[],
		const char *input)
{
	struct child_result result = { 0 };
	int r = child_run_with(argv, variables, input, TIMEOUT_MS, &result);
	bool good = r == 0 && result.status == 0;

	tell_end(what, r, &result);
	child_result_done(&result);
	return good;
}

/* "12.5": with three places at most, and never with an exponent, which no shell reckons with. */
static void write_number(char text[VARIABLE_MAX], const char *name, double value)
{
	size_t len = (size_t)snprintf(text, VARIABLE_MAX, "%s=%.3f", name, value);

	while (text[len - 1] == '0')
		text[--len] = '\0';
	if (text[len - 1] == '.')
		text[len - 1] = '\0';
}

bool messenger_run(const char *command, const struct alarm_message *message)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	char text[VARIABLES][VARIABLE_MAX], host[HOST_NAME_MAX + 1];
	const char *variables[VARIABLES + 1] = { 0 };

	if (!command || !*command)
		return true;
	snprintf(text[ALERT], VARIABLE_MAX, "MSSCLAMP_ALERT=%s", message->alert);
	snprintf(text[STATE], VARIABLE_MAX, "MSSCLAMP_STATE=%s", state_word(message));
	if (message->value < 0)
		snprintf(text[VALUE], VARIABLE_MAX, "MSSCLAMP_VALUE=");
	else
		write_number(text[VALUE], "MSSCLAMP_VALUE", message->value);
	write_number(text[THRESHOLD], "MSSCLAMP_THRESHOLD", message->threshold);
	snprintf(text[MESSAGE], VARIABLE_MAX, "MSSCLAMP_MESSAGE=%s", message->text);
	snprintf(text[HOST], VARIABLE_MAX, "MSSCLAMP_HOST=%s", host_name(host));
	for (size_t i = 0; i < VARIABLES; i++)
		variables[i] = text[i];
	return run("alerts.command", argv, variables, NULL);
}

/* sendmail takes words that begin with a dash for options, and more than one address in a word. */
static bool is_address(const char *address)
{
	return *address != '-' && strpbrk(address, " \t\r\n,;<>") == NULL;
}

bool messenger_mail(const char *address, const struct alarm_message *message)
{
	static const char *const no_more[] = { NULL };
	char program[CHILD_PATH_MAX], host[HOST_NAME_MAX + 1], mail[2048];
	const char *const argv[] = { program, "-i", "--", address, NULL };

	if (!address || !*address)
		return true;
	if (!is_address(address)) {
		log_print(LOG_ERR, "alerts.mail: \"%s\" is no single address", address);
		return false;
	}
	if (!child_find("sendmail", program)) {
		log_print(LOG_ERR, "alerts.mail: there is no sendmail here; install a mail server "
				   "(postfix, msmtp-mta), or use alerts.command");
		return false;
	}
	host_name(host);
	snprintf(mail, sizeof(mail),
		 "To: %s\nSubject: [%s] mssclampd: %s %s\nAuto-Submitted: auto-generated\n\n"
		 "%s\n\nOn %s, `mssclampctl status` shows what goes on, and `journalctl -x -u "
		 "mssclampd`\nwhat it means.\n",
		 address, host, message->alert, message->firing ? "fires" : "is over",
		 message->text, host);
	return run("alerts.mail: sendmail", argv, no_more, mail);
}
