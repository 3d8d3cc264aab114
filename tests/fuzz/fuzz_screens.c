/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon's end of the control socket answers, up to the screens: whoever answers, they end,
 * and the terminal gets nothing to obey.
 * layer: ctl
 * The first byte chooses the command, the second how to print; the rest is what arrives. connect,
 * send, recv and poll of the target take the place of the C library's. */
#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "ctl/commands.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())
#define PIECE_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	AS_JSON = 1,
	AS_LINES = 2,
	AS_UTF8 = 4,
	AS_TERMINAL = 8,
	AS_NARROW = 16,
	AS_QUIET = 32,
};

static const char *const lines[][6] = {
	{ "status", "--" },
	{ "stats", "--" },
	{ "tunnels", "--" },
	{ "peers", "--" },
	{ "explain", "--", "192.0.2.1->198.51.100.2:443" },
	{ "events", "--" },
	{ "probe", "--", "carol" },
	{ "try", "--peer=carol", "--", "1320" },
	{ "rules", "--diff", "--" },
	{ "rules", "--print=nft", "--" },
	{ "rules", "--apply", "--" },
	{ "offload", "--" },
	{ "reload", "--" },
	{ "log", "--", "debug" },
	{ "wait", "--for=1ms", "--tunnel=wg0", "--" },
	{ "capture", "--", "peer", "carol" },
	{ "top", "--batch", "--count=2", "--tunnel=wg0", "--" },
};

static struct {
	const uint8_t *data;
	size_t left;
} arrives;

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
	(void)fd, (void)address, (void)len;
	return 0;
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	(void)fd, (void)data, (void)flags;
	return (ssize_t)len;
}

ssize_t recv(int fd, void *data, size_t len, int flags)
{
	(void)fd, (void)flags;
	if (len > PIECE_MAX)
		len = PIECE_MAX;
	if (len > arrives.left)
		len = arrives.left;
	if (len > 0)
		memcpy(data, arrives.data, len);
	arrives.data += len;
	arrives.left -= len;
	return (ssize_t)len;
}

int poll(struct pollfd *fds, nfds_t count, int wait_ms)
{
	(void)fds, (void)count, (void)wait_ms;
	return 0;
}

/* Nothing that a terminal obeys: it gets whole characters and newlines. */
static void check_harmless(const char *text, bool utf8)
{
	while (*text) {
		uint32_t code = 0;
		size_t len = text_utf8_decode(text, &code);

		CHECK(len == 1 || (len > 1 && utf8));
		CHECK(code == '\n' || (code >= 0x20 && code < 0x7f) || code >= 0xa0);
		CHECK(code < 0x202a || code > 0x202e);
		text += len;
	}
}

static void check_json(const char *text)
{
	json_t *object = json_loads(text, 0, NULL);

	CHECK(json_is_object(object));
	json_decref(object);
}

/* Runs the command with both outputs in memory. Returns its exit code. */
static int run(const struct ctl *ctl, const struct command *command, char **argv, char *texts[2])
{
	FILE *out = stdout, *err = stderr;
	size_t len[2];
	int argc = 0, code;

	while (argv[argc])
		argc++;
	stdout = open_memstream(&texts[0], &len[0]);
	stderr = open_memstream(&texts[1], &len[1]);
	CHECK(stdout && stderr);
	code = command->run(ctl, argc, argv);
	fclose(stdout);
	fclose(stderr);
	stdout = out;
	stderr = err;
	/* A NUL byte would hide what comes behind it. */
	CHECK(strlen(texts[0]) == len[0] && strlen(texts[1]) == len[1]);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl_memory memory = { 0 };
	struct ctl ctl = { .socket = "/x", .timeout_ns = UINT64_C(1000000000), .interrupt_fd = -1,
			   .memory = &memory };
	char *argv[6] = { 0 }, *texts[2];
	const struct command *command;
	int code;

	if (size < 2)
		return 0;
	memcpy(argv, lines[data[0] % (sizeof(lines) / sizeof(lines[0]))], sizeof(argv));
	command = commands_find(argv[0]);
	ctl.json = data[1] & (AS_JSON | AS_LINES);
	ctl.json_lines = data[1] & AS_LINES;
	ctl.utf8 = data[1] & AS_UTF8;
	ctl.terminal = data[1] & AS_TERMINAL;
	ctl.quiet = data[1] & AS_QUIET;
	ctl.every_ns = strcmp(argv[0], "top") == 0; /* without a pause */
	ctl.width = data[1] & AS_NARROW ? 20 : 100;
	arrives.data = data + 2;
	arrives.left = size - 2;
	code = run(&ctl, command, argv, texts);
	CHECK((code >= CTL_OK && code <= CTL_UNKNOWN) || code == CTL_FOUND);
	/* A screen that is painted anew is moved on by codes of ours. */
	if (!ctl.json && !(ctl.terminal && command->streams))
		check_harmless(texts[0], ctl.utf8);
	if (ctl.json && ctl.terminal)
		check_harmless(texts[0], false);
	if (ctl.json && !command->streams && *texts[0])
		check_json(texts[0]);
	check_harmless(texts[1], ctl.utf8);
	json_decref(memory.last);
	free(texts[0]);
	free(texts[1]);
	return 0;
}
