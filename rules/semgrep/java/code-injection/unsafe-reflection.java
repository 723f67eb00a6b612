import javax.servlet.http.HttpServletRequest;

class Load {
    Object make(HttpServletRequest request) throws Exception {
        // ruleid: java-unsafe-reflection
        Class<?> first = Class.forName(request.getParameter("type"));
        // ok: java-unsafe-reflection
        Class<?> second = Class.forName("com.example.Fixed");
        String name = request.getParameter("name");
        if (!java.util.Set.of("a.B", "a.C").contains(name)) {
            return null;
        }
        // ok: java-unsafe-reflection
        return Class.forName(name);
    }
}
