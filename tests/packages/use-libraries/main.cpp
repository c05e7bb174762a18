// Packs a text with three libraries, keeps it in a database, writes a picture of it, and formats what came out.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <jpeglib.h>
#include <lz4.h>
#include <sqlite3.h>
#include <zlib.h>
#include <zstd.h>

static void require(bool holds, const char *what) {
    if (!holds) {
        std::fprintf(stderr, "%s failed\n", what);
        std::exit(1);
    }
}

static std::size_t with_zlib(const std::string &text) {
    std::vector<Bytef> packed(compressBound(text.size()));
    uLongf length = packed.size();
    require(compress(packed.data(), &length, reinterpret_cast<const Bytef *>(text.data()), text.size()) == Z_OK, "zlib");
    std::string back(text.size(), ' ');
    uLongf whole = back.size();
    require(uncompress(reinterpret_cast<Bytef *>(&back[0]), &whole, packed.data(), length) == Z_OK, "zlib");
    require(back == text, "zlib");
    return length;
}

static std::size_t with_zstd(const std::string &text) {
    std::vector<char> packed(ZSTD_compressBound(text.size()));
    const std::size_t length = ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3);
    require(!ZSTD_isError(length), "zstd");
    std::string back(text.size(), ' ');
    require(ZSTD_decompress(&back[0], back.size(), packed.data(), length) == text.size() && back == text, "zstd");
    return length;
}

static int with_lz4(const std::string &text) {
    std::vector<char> packed(LZ4_compressBound(static_cast<int>(text.size())));
    const int length = LZ4_compress_default(text.data(), packed.data(), static_cast<int>(text.size()),
                                            static_cast<int>(packed.size()));
    std::string back(text.size(), ' ');
    require(LZ4_decompress_safe(packed.data(), &back[0], length, static_cast<int>(back.size())) ==
                static_cast<int>(text.size()) && back == text, "lz4");
    return length;
}

static int with_sqlite(const std::string &text) {
    sqlite3 *database = nullptr;
    sqlite3_stmt *query = nullptr;
    require(sqlite3_open(":memory:", &database) == SQLITE_OK, "sqlite");
    require(sqlite3_prepare_v2(database, "SELECT length(?1)", -1, &query, nullptr) == SQLITE_OK, "sqlite");
    sqlite3_bind_text(query, 1, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    require(sqlite3_step(query) == SQLITE_ROW, "sqlite");
    const int length = sqlite3_column_int(query, 0);
    sqlite3_finalize(query);
    sqlite3_close(database);
    return length;
}

static unsigned long with_jpeg(const std::string &text) {
    jpeg_compress_struct picture;
    jpeg_error_mgr errors;
    picture.err = jpeg_std_error(&errors);
    jpeg_create_compress(&picture);
    unsigned char *packed = nullptr;
    unsigned long length = 0;
    jpeg_mem_dest(&picture, &packed, &length);
    picture.image_width = static_cast<JDIMENSION>(text.size());
    picture.image_height = 1;
    picture.input_components = 1;
    picture.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&picture);
    jpeg_start_compress(&picture, TRUE);
    JSAMPROW row = reinterpret_cast<JSAMPROW>(const_cast<char *>(text.data()));
    jpeg_write_scanlines(&picture, &row, 1);
    jpeg_finish_compress(&picture);
    jpeg_destroy_compress(&picture);
    require(length > 100 && packed[0] == 0xFF && packed[1] == 0xD8, "jpeg");
    std::free(packed);
    return length;
}

int main() {
    std::string text;
    for (int line = 0; line < 64; ++line) text += fmt::format("line {:03} of a text; ", line);
    require(with_sqlite(text) == static_cast<int>(text.size()), "sqlite");
    fmt::print("{} bytes: zlib {} zstd {} lz4 {} jpeg {}; all well\n", text.size(), with_zlib(text), with_zstd(text),
               with_lz4(text), with_jpeg(text));
    return 0;
}
