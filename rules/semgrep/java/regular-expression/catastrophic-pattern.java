import java.util.regex.Pattern;

class Shapes {
    // ruleid: java-catastrophic-pattern
    static final Pattern WORDS = Pattern.compile("^(\\w+\\s?)*$");
    // ruleid: java-catastrophic-pattern
    static final Pattern LETTERS = Pattern.compile("^([a-zA-Z]+)*$");
    // ok: java-catastrophic-pattern
    static final Pattern CODE = Pattern.compile("^[A-Z]{2}-[0-9]{4,8}$");
    // ok: java-catastrophic-pattern
    static final Pattern LIST = Pattern.compile("^\\w+(,\\w+)*$");

    boolean check(String text) {
        // ruleid: java-catastrophic-pattern
        return text.matches("(a|aa)+");
    }
}
