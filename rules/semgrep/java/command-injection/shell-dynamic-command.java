class Archive {
    void unpack(String name) throws Exception {
        // ruleid: java-shell-dynamic-command
        Runtime.getRuntime().exec("tar -xf " + name);
        // ruleid: java-shell-dynamic-command
        new ProcessBuilder("sh", "-c", "tar -xf " + name).start();
        // ok: java-shell-dynamic-command
        new ProcessBuilder("tar", "-xf", name).start();
        // ok: java-shell-dynamic-command
        Runtime.getRuntime().exec("tar --version");
    }
}
