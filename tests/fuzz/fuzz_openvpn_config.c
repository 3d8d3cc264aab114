/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: facts
 *
 * A command line, a zero byte twice, and the file that it may name: each `config` gets that file, so
 * it may read itself. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "facts/openvpn/openvpn_config.h"
#include "fuzz_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct file {
	const uint8_t *data;
	size_t size;
	unsigned int reads;
};

/* A file that names itself twice is read 2^10 times: some are enough. */
static int give_file(void *userdata, const char *cd, const char *path, char **ret_text,
		     size_t *ret_len)
{
	struct file *file = userdata;

	require(!cd || strlen(cd) < 256, "a folder is a word");
	require(strlen(path) < 256, "a path is a word");
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
	static const char *const versions[] = { NULL, "2.3", "2.5", "2.6", "2.7" };
	const uint8_t *end = memmem(data, size, "\0\0", 2);
	const size_t len = end ? (size_t)(end - data) + 1 : size;
	struct file file = { .data = data + len, .size = size - len };
	struct openvpn_config config;
	struct facts_openvpn facts, copy;

	require(openvpn_config_parse((const char *)data, len, give_file, &file, &config) == 0,
		"any configuration is read");
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		require(openvpn_config_conclude(&config, versions[i], &facts) == 0,
			"and comes to something");
		require_passes(&facts_openvpn_shape, &facts, &copy);
		record_done(&facts_openvpn_shape, &facts);
	}
	openvpn_config_done(&config);
	return 0;
}
