<%
// ruleid: markup-password-in-page
  Connection one = DriverManager.getConnection("jdbc:mysql://db/app", "app", "tulip77");
// ok: markup-password-in-page
  Connection two = DriverManager.getConnection(url, user, password);
%>
<!-- ruleid: markup-password-in-page -->
<sql:setDataSource var="db" url="jdbc:mysql://db/app" user="app" password="tulip77"/>
<!-- ok: markup-password-in-page -->
<sql:setDataSource var="db" dataSource="jdbc/app"/>
