/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: facts
 *
 * pppd's command line, a zero byte twice, and the options file that it may name. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "facts/ppp/ppp_options.h"
#include "fuzz_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct file {
	const uint8_t *data;
	size_t size;
	unsigned int reads;
};

static int give_file(void *userdata, const char *path, char **ret_text, size_t *ret_len)
{
	struct file *file = userdata;

	require(*path == '/', "paths are whole");
	if (++file->reads > 20)
		return -ENOENT;
	*ret_text = malloc(file->size ? file->size : 1);
	require(*ret_text, "memory");
	memcpy(*ret_text, file->data, file->size);
	*ret_len = file->size;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memmem(data, size, "\0\0", 2);
	const size_t len = end ? (size_t)(end - data) + 1 : size;
	struct file file = { .data = data + len, .size = size - len };
	struct facts_ppp ppp, copy;

	require(ppp_options_parse((const char *)data, len, give_file, &file, &ppp) == 0,
		"any command line is read");
	ppp.ifname = strdup("ppp0");
	ppp.pid = 1;
	require_passes(&facts_ppp_shape, &ppp, &copy);
	record_done(&facts_ppp_shape, &ppp);
	return 0;
}
