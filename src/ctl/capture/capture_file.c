/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/capture/capture_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/capture/captured.h"
#include "ctl/capture/pcapng.h"
#include "ctl/screen/field.h"
#include "ctl/screen/output.h"

static int fail(const struct ctl *ctl, const struct capture_file *file, const char *what, int error)
{
	if (error == EPIPE)
		return CTL_FAILED;
	return output_fail(ctl, CTL_FAILED, NULL, "capture: cannot %s %s: %s", what,
			   strcmp(file->path, "-") == 0 ? "standard output" : file->path,
			   strerror(error));
}

int capture_file_open(const struct ctl *ctl, struct capture_file *file)
{
	file->out = strcmp(file->path, "-") == 0 ? stdout : fopen(file->path, "we");
	if (!file->out)
		return fail(ctl, file, "write", errno);
	pcapng_write_header(file->out);
	return capture_file_flush(ctl, file);
}

/* key: "before" or "after"; fallback where the reply has none: it is the same packet. */
static void add_packet(struct capture_file *file, const json_t *syn, const char *key,
		       const char *fallback, struct pcapng_packet *packet)
{
	struct captured_packet captured;

	if (captured_read_packet(syn, key, &captured) < 0 &&
	    (!fallback || captured_read_packet(syn, fallback, &captured) < 0))
		return;
	packet->bytes = captured.bytes;
	packet->len = captured.len;
	packet->whole_len = captured.whole_len;
	if (captured.len > 0)
		pcapng_write_packet(file->out, packet);
	free(captured.bytes);
}

/* As it left; one that was dropped did not. */
static bool has_left(const json_t *syn)
{
	return !field_is(syn, "reason", "dropped") || json_is_true(json_object_get(syn, "audit"));
}

void capture_file_add(struct capture_file *file, const json_t *syn)
{
	double took = field_real(syn, "took_seconds", 0);
	char *comment = captured_verdict(syn);
	struct pcapng_packet packet = { .interface = PCAPNG_BEFORE, .comment = comment };

	if (captured_read_time(field_string(syn, "time", ""), &packet.time_ns) == 0) {
		add_packet(file, syn, "before", NULL, &packet);
		packet.interface = PCAPNG_AFTER;
		if (took > 0 && took < 1e6)
			packet.time_ns += (uint64_t)(took * (double)NS_PER_SECOND + 0.5);
		if (has_left(syn))
			add_packet(file, syn, "after", "before", &packet);
	}
	free(comment);
}

int capture_file_flush(const struct ctl *ctl, struct capture_file *file)
{
	int error = 0;

	errno = 0;
	if (fflush(file->out) != 0 || ferror(file->out))
		error = errno ? errno : EIO;
	if (!error)
		return CTL_OK;
	clearerr(file->out); /* it is said once */
	return fail(ctl, file, "write", error);
}

int capture_file_close(const struct ctl *ctl, struct capture_file *file)
{
	FILE *out = file->out;

	file->out = NULL;
	if (!out || out == stdout)
		return CTL_OK;
	errno = 0;
	return fclose(out) == 0 ? CTL_OK : fail(ctl, file, "write", errno ? errno : EIO);
}
