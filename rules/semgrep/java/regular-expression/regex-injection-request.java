import java.util.regex.Pattern;
import javax.servlet.http.HttpServletRequest;

class Search {
    boolean find(HttpServletRequest request, String text) {
        String wanted = request.getParameter("wanted");
        // ruleid: java-regex-injection-request
        Pattern.compile(wanted).matcher(text).find();
        // ruleid: java-regex-injection-request
        text.matches("^" + wanted + "$");
        // ok: java-regex-injection-request
        Pattern.compile(Pattern.quote(wanted)).matcher(text).find();
        // ok: java-regex-injection-request
        wanted.matches("[a-z]+");
        // ok: java-regex-injection-request
        return text.contains(wanted);
    }
}
