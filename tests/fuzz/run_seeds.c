/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_seeds FILE|FOLDER...: gives each file to the fuzz target it is linked with, as a plain
 * test. Each runs on a heap copy of exactly its size, so that a sanitizer sees the first byte
 * read too far. A target that finds a fault aborts; a file that cannot be read, and no file at
 * all, have failed. */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* nftw hands no pointer through. */
static unsigned int passed, failed;

/* Returns 0, or -1 when it could not be read. */
static int run_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *data = malloc(size);
	int r = -1;

	if (file && (data || size == 0) && fread(data, 1, size, file) == size) {
		LLVMFuzzerTestOneInput(data, size);
		r = 0;
	}
	if (r < 0)
		perror(path);
	free(data);
	if (file)
		fclose(file);
	return r;
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)where;
	if (type == FTW_D)
		return 0;
	if (type == FTW_F && run_file(path, (size_t)status->st_size) == 0) {
		passed++;
		return 0;
	}
	fprintf(stderr, "%s: not tested\n", path);
	failed++;
	return 0;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	for (int i = 1; i < argc; i++)
		if (nftw(argv[i], visit, 16, FTW_PHYS) < 0) {
			perror(argv[i]);
			failed++;
		}
	if (passed + failed == 0) {
		fprintf(stderr, "no seeds\n");
		failed++;
	}
	printf("%s: %u passed, %u failed\n", slash ? slash + 1 : argv[0], passed, failed);
	return failed ? 1 : 0;
}
