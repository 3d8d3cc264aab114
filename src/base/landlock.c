/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What headers of older kernels lack (include/uapi/linux/landlock.h). */
#define ACCESS_REFER (1ull << 13)     /* ABI 2 */
#define ACCESS_TRUNCATE (1ull << 14)  /* ABI 3 */
#define ACCESS_IOCTL_DEV (1ull << 15) /* ABI 5 */
#define SCOPE_SIGNAL (1ull << 1)      /* ABI 6 */

struct ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scope;
};

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITING (LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)
#define KEEPING \
	(READING | WRITING | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define OF_FILES \
	(LANDLOCK_ACCESS_FS_EXECUTE | WRITING | LANDLOCK_ACCESS_FS_READ_FILE | ACCESS_IOCTL_DEV)
#define ALL_OF_ABI_1 (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1)

static const uint64_t access_of[] = {
	[LANDLOCK_READ] = READING,
	[LANDLOCK_WRITE] = WRITING,
	[LANDLOCK_KEEP] = KEEPING,
	[LANDLOCK_RUN] = READING | LANDLOCK_ACCESS_FS_EXECUTE,
	[LANDLOCK_ANY] = UINT64_MAX,
};

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

static uint64_t known_accesses(int abi)
{
	return ALL_OF_ABI_1 | (abi >= 2 ? ACCESS_REFER : 0) | (abi >= 3 ? ACCESS_TRUNCATE : 0) |
	       (abi >= 5 ? ACCESS_IOCTL_DEV : 0);
}

/* The descriptor of a path stays open: what /proc makes of a name is another inode once nobody
 * holds it, for which no rule would hold. */
static int add_path(int rules, const struct landlock_path *path, uint64_t known)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access_of[path->use] & known };
	int fd = open(path->path, O_PATH | O_CLOEXEC), r = 0;
	struct stat found;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
	if (fstat(fd, &found) < 0)
		r = -errno;
	else if (!S_ISDIR(found.st_mode))
		rule.allowed_access &= OF_FILES;
	rule.parent_fd = fd;
	if (r == 0 && rule.allowed_access &&
	    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		r = -errno;
	if (r < 0 || strncmp(path->path, "/proc/", 6) != 0)
		close(fd);
	return r;
}

int landlock_enter(const struct landlock_path *paths, size_t count)
{
	const int abi = landlock_abi();
	const struct ruleset ruleset = {
		.files = known_accesses(abi),
		.scope = abi >= 6 ? SCOPE_SIGNAL : 0,
	};
	const size_t size = abi >= 6 ? sizeof(ruleset) : sizeof(ruleset.files);
	int rules, r = 0;

	if (abi == 0)
		return -EOPNOTSUPP;
	rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
	if (rules < 0)
		return -errno;
	for (size_t i = 0; i < count && r == 0; i++)
		r = add_path(rules, &paths[i], ruleset.files);
	if (r == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		r = -errno;
	close(rules);
	return r < 0 ? r : abi;
}
