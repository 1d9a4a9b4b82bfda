/* LMDB's format, version 1, as written on a machine of 64 bits, in its byte order:
 *
 *   page    number 8   pad 2   flags 2   lower 2   upper 2   then a table of offsets, 2 each, up to
 *           `lower`; an overflow page has, in place of lower and upper, how many pages it spans
 *   header  pages 0 and 1, behind a page's first 16 bytes: magic 4   version 4   address 8
 *           map size 8   the tree of free pages 48   the tree of records 48   last page 8
 *           transaction 8
 *   tree    pad 4 (of free pages: the page size)   flags 2   depth 2   branch, leaf, overflow
 *           pages 8 each   entries 8   root 8
 *   node    low 2   high 2   flags 2   key size 2   key; in a branch page the first three make the
 *           number of the page below; in a leaf the first two are the size of the value, which
 *           follows the key, or, flagged so, the number of the overflow page where it stands
 */
#include "store/lmdb_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE_HEAD = 16,
    NODE_HEAD = 8,
    PAGE_FLAGS = 10,
    PAGE_LOWER = 12,
    IS_BRANCH = 1,
    IS_LEAF = 2,
    IS_OVERFLOW = 4,
    IS_META = 8,
    KINDS = 0x6f, /* these and two that only sorted duplicates have */
    VALUE_APART = 1,
    LEAST_PAGE = 512,
    MOST_PAGE = 65536,
    HEADER_SIZE = PAGE_HEAD + 136
};

static const uint32_t magic = 0xbeefc0de, version = 1;

static unsigned word(const unsigned char *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint32_t half(const unsigned char *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint64_t number(const unsigned char *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* ---- the header ---- */

typedef struct header {
    size_t page_size;
    uint64_t entries, root, last_page, transaction;
    unsigned flags, depth;
} header;

static header header_at(const unsigned char *page) {
    const unsigned char *at = page + PAGE_HEAD, *records = at + 24 + 48;
    return (header){.page_size = half(at + 24),
                    .flags = word(records + 4),
                    .depth = word(records + 6),
                    .entries = number(records + 32),
                    .root = number(records + 40),
                    .last_page = number(at + 120),
                    .transaction = number(at + 128)};
}

static bool is_header(const unsigned char *page, size_t page_size) {
    const unsigned char *at = page + PAGE_HEAD;
    uint32_t size = half(at + 24);
    return word(page + PAGE_FLAGS) & IS_META && half(at) == magic && half(at + 4) == version &&
           size >= LEAST_PAGE && size <= MOST_PAGE && (size & (size - 1)) == 0 &&
           (page_size == 0 || size == page_size);
}

static lungo_status refuse_header(const char *folder) {
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "'%s/data.mdb' is not an LMDB file, or one of another version or word size",
                      folder);
}

static lungo_status check_headers(int file, const char *folder) {
    unsigned char page[HEADER_SIZE];
    size_t page_size = 0;
    for (int i = 0; i < 2; i++) {
        ssize_t got = pread(file, page, sizeof page, (off_t)page_size);
        if (got < 0) return lungo_fail_errno("read a file of", folder);
        if (got != (ssize_t)sizeof page || !is_header(page, page_size))
            return refuse_header(folder);
        page_size = header_at(page).page_size;
    }
    return LUNGO_OK;
}

lungo_status lungo_lmdb_check_header(const char *folder) {
    lungo_buffer path = {0};
    lungo_buffer_printf(&path, "%s/data.mdb", folder);
    if (path.failed) return lungo_fail_memory("a path", path.length);
    int file = open(path.bytes, O_RDONLY | O_CLOEXEC);
    lungo_status status =
        file < 0 ? lungo_fail_errno("open", path.bytes) : check_headers(file, folder);
    if (file >= 0) close(file);
    lungo_buffer_dispose(&path);
    return status;
}

/* ---- pages ---- */

static lungo_status damaged(uint64_t page, const char *expected, uint64_t got) {
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "LMDB: page %" PRIu64 " is damaged: expected %s, got %" PRIu64, page,
                      expected, got);
}

/* Its place in the map, for `count` pages from there. */
static lungo_status locate(const unsigned char **out, const lungo_lmdb_pages *pages, uint64_t page,
                           uint64_t count, uint64_t from) {
    if (page < 2 || page >= pages->page_count || count > pages->page_count - page)
        return damaged(from, "the number of a page in the file", page);
    *out = pages->map + page * pages->page_size;
    return number(*out) == page ? LUNGO_OK : damaged(page, "its own number", number(*out));
}

typedef struct tree_page {
    const unsigned char *bytes;
    uint64_t number;
    unsigned count; /* of nodes; at least 1 */
} tree_page;

static lungo_status read_page(tree_page *out, const lungo_lmdb_pages *pages, int level) {
    uint64_t page = pages->at[level];
    bool leaf = level == pages->depth - 1;
    LUNGO_TRY(locate(&out->bytes, pages, page, 1, level ? pages->at[level - 1] : 0));
    unsigned kind = word(out->bytes + PAGE_FLAGS) & KINDS, lower = word(out->bytes + PAGE_LOWER);
    if (kind != (leaf ? IS_LEAF : IS_BRANCH))
        return damaged(page, leaf ? "a leaf, kind 2" : "a branch, kind 1", kind);
    if (lower < PAGE_HEAD + 2 || lower > pages->page_size || lower % 2)
        return damaged(page, "the end of at least one node's offset", lower);
    out->number = page;
    out->count = (lower - PAGE_HEAD) / 2;
    return LUNGO_OK;
}

typedef struct node {
    const unsigned char *bytes, *end; /* of it; of the page */
    lungo_bytes key;
} node;

static lungo_status read_node(node *out, const lungo_lmdb_pages *pages, const tree_page *page,
                              unsigned index) {
    unsigned offset = word(page->bytes + PAGE_HEAD + 2 * index);
    if (offset < PAGE_HEAD + 2 * page->count || offset > pages->page_size - NODE_HEAD)
        return damaged(page->number, "the offset of a node in it", offset);
    out->bytes = page->bytes + offset;
    out->end = page->bytes + pages->page_size;
    out->key = (lungo_bytes){out->bytes + NODE_HEAD, word(out->bytes + 6)};
    if (out->key.size > pages->page_size - NODE_HEAD - offset)
        return damaged(page->number, "a key that ends within it", out->key.size);
    return LUNGO_OK;
}

static uint64_t page_below(const node *branch) {
    return half(branch->bytes) | (uint64_t)word(branch->bytes + 4) << 32;
}

static lungo_status read_value(lungo_lmdb_pages *pages, const tree_page *page, const node *leaf) {
    size_t size = half(leaf->bytes), left = (size_t)(leaf->end - leaf->bytes) - NODE_HEAD;
    const unsigned char *at = leaf->bytes + NODE_HEAD + leaf->key.size;
    left -= leaf->key.size;
    if (word(leaf->bytes + 4) & VALUE_APART) {
        if (left < 8) return damaged(page->number, "8 bytes that say where a value is", left);
        uint64_t count = (size + PAGE_HEAD + pages->page_size - 1) / pages->page_size;
        LUNGO_TRY(locate(&at, pages, number(at), count, page->number));
        if ((word(at + PAGE_FLAGS) & KINDS) != IS_OVERFLOW || half(at + PAGE_LOWER) < count)
            return damaged(number(at), "pages that hold a value of this size", size);
        at += PAGE_HEAD;
    } else if (size > left) {
        return damaged(page->number, "a value that ends within it", size);
    }
    pages->value = (lungo_bytes){at, size};
    return LUNGO_OK;
}

/* ---- opening ---- */

static lungo_status check_tree(lungo_lmdb_pages *pages, const header *found, const char *folder) {
    uint64_t have = pages->size / pages->page_size, expected = found->last_page + 1;
    if (expected > have || expected == 0)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "'%s/data.mdb' is cut: expected %" PRIu64 " pages of %zu bytes, got "
                          "%" PRIu64
                          "; copy it again (`mdb_copy -c` makes a whole copy of one that "
                          "was edited)",
                          folder, expected, pages->page_size, have);
    if (found->flags)
        return lungo_fail(LUNGO_ERR_UNSUPPORTED,
                          "'%s/data.mdb': expected plain keys and values, got an LMDB with flags "
                          "%#x (sorted duplicates, or keys in another order)",
                          folder, found->flags);
    bool empty = found->root == UINT64_MAX;
    if (found->depth > LUNGO_LMDB_DEEPEST || (found->depth == 0) != empty ||
        (found->entries == 0) != empty || found->entries > pages->size / NODE_HEAD)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "'%s/data.mdb' is damaged: its header says %" PRIu64
                          " records in a tree of depth %u with root %" PRIu64,
                          folder, found->entries, found->depth, found->root);
    pages->page_count = expected;
    pages->root = found->root;
    pages->entries = found->entries;
    pages->depth = (int)found->depth;
    return LUNGO_OK;
}

/* Two headers take turns; a transaction is one of them. */
static lungo_status find_tree(lungo_lmdb_pages *pages, uint64_t transaction, const char *folder) {
    if (pages->size < HEADER_SIZE || !is_header(pages->map, 0)) return refuse_header(folder);
    pages->page_size = header_at(pages->map).page_size;
    if (pages->size < pages->page_size + HEADER_SIZE ||
        !is_header(pages->map + pages->page_size, pages->page_size))
        return refuse_header(folder);
    for (uint64_t i = transaction; i < transaction + 2; i++) {
        header found = header_at(pages->map + i % 2 * pages->page_size);
        if (found.transaction == transaction) return check_tree(pages, &found, folder);
    }
    return lungo_fail(LUNGO_ERR_FILE,
                      "'%s/data.mdb' is being written to, faster than it can be opened: try again",
                      folder);
}

lungo_status lungo_lmdb_pages_open(lungo_lmdb_pages *pages, int file, uint64_t transaction,
                                   const char *folder) {
    struct stat info;
    *pages = (lungo_lmdb_pages){0};
    if (fstat(file, &info)) return lungo_fail_errno("look at the LMDB in", folder);
    if (info.st_size < HEADER_SIZE) return refuse_header(folder);
    void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, file, 0);
    if (map == MAP_FAILED) return lungo_fail_errno("map the LMDB in", folder);
    pages->map = map;
    pages->size = (size_t)info.st_size;
    lungo_status status = find_tree(pages, transaction, folder);
    if (status) lungo_lmdb_pages_close(pages);
    return status;
}

void lungo_lmdb_pages_close(lungo_lmdb_pages *pages) {
    if (pages->map) munmap((void *)pages->map, pages->size);
    *pages = (lungo_lmdb_pages){0};
}

/* ---- moving ---- */

static lungo_status take_record(lungo_lmdb_pages *pages, bool *found) {
    tree_page page;
    node leaf;
    int level = pages->depth - 1;
    *found = false;
    if (++pages->passed > pages->entries)
        return damaged(pages->at[level], "no more records than the header counts", pages->passed);
    LUNGO_TRY(read_page(&page, pages, level));
    LUNGO_TRY(read_node(&leaf, pages, &page, pages->index[level]));
    LUNGO_TRY(read_value(pages, &page, &leaf));
    pages->key = leaf.key;
    *found = true;
    return LUNGO_OK;
}

/* From the place on `level`, along the first nodes, down to a leaf. */
static lungo_status descend(lungo_lmdb_pages *pages, int level) {
    for (; level < pages->depth - 1; level++) {
        tree_page page;
        node branch;
        LUNGO_TRY(read_page(&page, pages, level));
        LUNGO_TRY(read_node(&branch, pages, &page, pages->index[level]));
        pages->at[level + 1] = page_below(&branch);
        pages->index[level + 1] = 0;
    }
    return LUNGO_OK;
}

static bool begin(lungo_lmdb_pages *pages) {
    pages->set = pages->depth > 0;
    pages->passed = 0;
    pages->at[0] = pages->root;
    pages->index[0] = 0;
    return pages->set;
}

lungo_status lungo_lmdb_pages_first(lungo_lmdb_pages *pages, bool *found) {
    *found = false;
    if (!begin(pages)) return LUNGO_OK;
    LUNGO_TRY(descend(pages, 0));
    return take_record(pages, found);
}

lungo_status lungo_lmdb_pages_last(lungo_lmdb_pages *pages, bool *found) {
    *found = false;
    if (!begin(pages)) return LUNGO_OK;
    for (int level = 0; level < pages->depth; level++) {
        tree_page page;
        node branch;
        LUNGO_TRY(read_page(&page, pages, level));
        pages->index[level] = page.count ? page.count - 1 : 0;
        LUNGO_TRY(read_node(&branch, pages, &page, pages->index[level]));
        if (level < pages->depth - 1) pages->at[level + 1] = page_below(&branch);
    }
    return take_record(pages, found);
}

/* To the next place on the deepest level that has one, and from there down. */
static lungo_status advance(lungo_lmdb_pages *pages, bool *found) {
    *found = false;
    for (int level = pages->depth - 1; level >= 0; level--) {
        tree_page page;
        LUNGO_TRY(read_page(&page, pages, level));
        if (pages->index[level] + 1 >= page.count) continue;
        pages->index[level]++;
        LUNGO_TRY(descend(pages, level));
        return take_record(pages, found);
    }
    return LUNGO_OK;
}

lungo_status lungo_lmdb_pages_next(lungo_lmdb_pages *pages, bool *found) {
    if (!pages->set) return lungo_lmdb_pages_first(pages, found);
    return advance(pages, found);
}

static int compare(lungo_bytes a, lungo_bytes b) {
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* The first node from `first` on whose key is not before `key` (or, `after`: is after it). */
static lungo_status search(unsigned *out, const lungo_lmdb_pages *pages, const tree_page *page,
                           unsigned first, lungo_bytes key, bool after) {
    unsigned end = page->count;
    while (first < end) {
        unsigned middle = first + (end - first) / 2;
        node found;
        LUNGO_TRY(read_node(&found, pages, page, middle));
        int order = compare(found.key, key);
        if (order < 0 || (after && order == 0))
            first = middle + 1;
        else
            end = middle;
    }
    *out = first;
    return LUNGO_OK;
}

/* The first key of a branch stands for all that are before the second. */
static lungo_status descend_to(lungo_lmdb_pages *pages, lungo_bytes key, tree_page *page) {
    for (int level = 0;; level++) {
        node branch;
        LUNGO_TRY(read_page(page, pages, level));
        if (level == pages->depth - 1) return LUNGO_OK;
        LUNGO_TRY(search(&pages->index[level], pages, page, 1, key, true));
        pages->index[level]--;
        LUNGO_TRY(read_node(&branch, pages, page, pages->index[level]));
        pages->at[level + 1] = page_below(&branch);
    }
}

lungo_status lungo_lmdb_pages_seek(lungo_lmdb_pages *pages, lungo_bytes key, bool *found) {
    tree_page page;
    *found = false;
    if (!begin(pages)) return LUNGO_OK;
    unsigned *index = &pages->index[pages->depth - 1];
    LUNGO_TRY(descend_to(pages, key, &page));
    LUNGO_TRY(search(index, pages, &page, 0, key, false));
    if (*index < page.count) return take_record(pages, found);
    (*index)--;
    return advance(pages, found);
}
